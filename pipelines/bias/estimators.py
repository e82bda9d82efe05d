"""The estimators of examination, each fed with what a log and its configuration declare."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import DataError
from pipelines.bias.config import RANKS, BiasConfig, Estimator
from pipelines.bias.log import CLICK, POSITION, QUERY
from ranking.propensity.affine import affine
from ranking.propensity.click_model import click_model
from ranking.propensity.dual import dual
from ranking.propensity.harvesting import harvest, harvest_items
from ranking.propensity.propensity import Propensity
from ranking.propensity.randomised import randomised
from ranking.propensity.rankers import harvest_rankers
from ranking.propensity.regression_em import regression_em
from ranking.propensity.relevance import Trees
from ranking.propensity.swaps import swaps
from ranking.propensity.trust import trust
from ranking.query_data import QueryData

Array = npt.NDArray[Any]
Method = Callable[[BiasConfig, pl.DataFrame, QueryData | None], Propensity]

_RELEVANCE, _DRAWS = Trees(rounds=60), 10  # each draw learns anew
_LISTS = 10  # that click models read, for each query that a learner of relevance reads


def _randomised(config: BiasConfig, log: pl.DataFrame, _: QueryData | None) -> Propensity:
    return randomised(**_given(config, _shuffled(config, log)))


def _shuffled(config: BiasConfig, log: pl.DataFrame, why: str = "") -> pl.DataFrame:
    _need(config.random, "bias.random, the rows whose query was shuffled", why)
    shuffled = log.filter(pl.col("random").cast(pl.Boolean))
    if not shuffled.height:
        raise DataError(f"Column '{config.random}' must mark shuffled rows; it marks none.")
    return shuffled


def _swaps(config: BiasConfig, log: pl.DataFrame, _: QueryData | None) -> Propensity:
    _need(config.partner, "bias.partner and bias.swapped, what changed places with the top")
    return swaps(
        **_given(config, log),
        partner=_of_queries(log, "partner").fill_null(0).to_numpy(),
        swapped=_of_queries(log, "swapped").cast(pl.Boolean).to_numpy(),
    )


def _harvest(config: BiasConfig, log: pl.DataFrame, _: QueryData | None, method: str) -> Propensity:
    _need(config.ranker, "bias.ranker, who ordered the query")
    if not config.ranks:
        _need(config.item, "bias.ranks, or bias.item to tell by where each ranker shows an item")
        named = _of_queries(log, "ranker").cast(pl.String).rank("dense").fill_null(0)
        ranker = named.to_numpy().astype(np.int64) - 1
        given = _given(config, log)
        return harvest_rankers(**given, item=items(log), ranker=ranker, method=method)
    names = list(config.ranks)
    log = log.with_columns(pl.col("ranker").cast(pl.String)).filter(pl.col("ranker").is_in(names))
    if not log.height:
        raise DataError(f"Column '{config.ranker}' must name rankers of bias.ranks; it names none.")
    places = [_ordered(log)[RANKS + name].fill_null(-1).to_numpy() for name in names]
    number = _of_queries(log, "ranker").replace_strict(names, range(len(names)))
    given = _given(config, log)
    ranker = number.to_numpy().astype(np.int64)
    return harvest(**given, ranks=np.stack(places, axis=1), ranker=ranker, method=method)


def _items(config: BiasConfig, log: pl.DataFrame, _: QueryData | None) -> Propensity:
    _need(config.item, "bias.item, what was shown")
    return harvest_items(**_given(config, log), item=items(log))


def _click_model(
    config: BiasConfig, log: pl.DataFrame, _: QueryData | None, kind: str
) -> Propensity:
    _need(config.item, "bias.item, what was shown")
    some = _some(log, _LISTS * config.queries, config.seed)
    return click_model(**_given(config, some), item=items(some), kind=kind, draws=_DRAWS)


def _features(
    config: BiasConfig,
    _: pl.DataFrame,
    data: QueryData | None,
    method: Callable[..., Propensity],
) -> Propensity:
    if data is None:
        raise DataError("Relevance is learned from features; none were given.")
    some = _drawn(data, config)
    assert some.position is not None  # as `click_log` has asked
    frame = pl.DataFrame({POSITION: some.position, CLICK: some.label})
    return method(
        some.sizes,
        some.position,
        some.label,
        features=some.matrix,
        relevance=_RELEVANCE,
        draws=_DRAWS,
        depth=_depth(config, frame),
        cluster=some.cluster,
        seed=config.seed,
    )


def _trust(config: BiasConfig, log: pl.DataFrame, _: QueryData | None) -> Propensity:
    shuffled = _shuffled(config, log, " Clicks on lists that a ranker ordered do not tell trust.")
    _need(config.item, "bias.item, what was shown, and shown again")
    return trust(**_given(config, shuffled), item=items(shuffled))


def _affine(config: BiasConfig, log: pl.DataFrame, _: QueryData | None) -> Propensity:
    _need(config.relevance, "bias.relevance, judged beforehand, from 0 to 1")
    relevance = _ordered(log)["relevance"].cast(pl.Float64).to_numpy()
    return affine(**_given(config, log), relevance=relevance)


def _some(log: pl.DataFrame, queries: int, seed: int) -> pl.DataFrame:
    """So many of the queries, drawn at random, or all."""
    every = log[QUERY].unique()
    if len(every) <= queries:
        return log
    return log.filter(pl.col(QUERY).is_in(every.sort().sample(queries, seed=seed).implode()))


def _drawn(data: QueryData, config: BiasConfig) -> QueryData:
    queries = len(data.sizes)
    if queries <= config.queries:
        return data
    random = np.random.default_rng(config.seed)
    return data.some(np.sort(random.choice(queries, config.queries, replace=False)))


def _need(column: str | tuple[str, ...] | None, what: str, why: str = "") -> None:
    if column is None:
        raise DataError(f"It needs {what}; it is not declared.{why}")


def _depth(config: BiasConfig, log: pl.DataFrame) -> int:
    """No deeper than there are clicks everywhere above."""
    clicks = np.bincount(log[POSITION].to_numpy(), log[CLICK].to_numpy())
    empty = np.flatnonzero(clicks == 0)
    return int(min(config.depth, empty[0] if len(empty) else len(clicks)))


def _given(config: BiasConfig, log: pl.DataFrame) -> dict[str, Any]:
    """What every estimator takes; its rows are `_ordered`."""
    ordered = _ordered(log)
    sizes = ordered.group_by(QUERY, maintain_order=True).len()["len"]
    cluster = None
    if "cluster" in log.columns:
        cluster = _of_queries(log, "cluster").cast(pl.String).rank("dense").to_numpy()
    return {
        "cluster": cluster,
        "sizes": sizes.to_numpy().astype(np.int64),
        "position": ordered[POSITION].to_numpy(),
        "click": ordered[CLICK].to_numpy(),
        "depth": _depth(config, log),
        "seed": config.seed,
    }


def _ordered(log: pl.DataFrame) -> pl.DataFrame:
    return log.sort(QUERY, POSITION)


def items(log: pl.DataFrame) -> Array:
    """Numbers of what was shown (rows,), in order of queries and positions."""
    item = _ordered(log)["item"]
    codes = item if item.dtype.is_integer() else item.cast(pl.String).rank("dense")
    return codes.to_numpy()


def _of_queries(log: pl.DataFrame, role: str) -> pl.Series:
    """What all rows of a query say, in order of queries. Raises DataError where they differ."""
    by_query = log.group_by(QUERY).agg(pl.col(role).first(), many=pl.col(role).n_unique())
    several = by_query.filter(pl.col("many") > 1).height
    if several:
        raise DataError(
            f"The rows of a query must have one bias.{role}; those of {several} queries have more. "
            "Let data.query tell the lists apart."
        )
    return by_query.sort(QUERY)[role]


METHODS: dict[Estimator, Method] = {
    "randomised": _randomised,
    "swaps": _swaps,
    "harvest": partial(_harvest, method="pairs"),
    "harvest_chain": partial(_harvest, method="chain"),
    "harvest_pivot": partial(_harvest, method="pivot"),
    "harvest_items": _items,
    "regression_em": partial(_features, method=regression_em),
    "dual": partial(_features, method=dual),
    "pbm": partial(_click_model, kind="pbm"),
    "ubm": partial(_click_model, kind="ubm"),
    "dbn": partial(_click_model, kind="dbn"),
    "sdbn": partial(_click_model, kind="sdbn"),
    "cascade": partial(_click_model, kind="cascade"),
    "trust": _trust,
    "affine": _affine,
}
