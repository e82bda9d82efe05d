"""Examination by every estimator that a log allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import CrossrankError, DataError
from pipelines.bias.config import BiasConfig, Estimator
from pipelines.bias.log import CLICK, POSITION, QUERY
from ranking.propensity.dual import dual
from ranking.propensity.harvesting import harvest_items
from ranking.propensity.propensity import Propensity
from ranking.propensity.randomised import randomised
from ranking.propensity.regression_em import regression_em
from ranking.propensity.relevance import Trees
from ranking.propensity.swaps import swaps
from ranking.query_data import QueryData

Arrays = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]  # sizes, position, click
ORDER: tuple[Estimator, ...] = get_args(Estimator)  # what rests on less stands first

_RELEVANCE, _DRAWS = Trees(rounds=60), 10  # each draw learns relevance anew


@dataclass(frozen=True)
class Estimates:
    """What each estimator says, in order of preference, or why it says nothing."""

    found: Mapping[Estimator, Propensity]
    refused: Mapping[Estimator, str]

    def best(self, wanted: Estimator | None) -> Propensity:
        """The one that was asked for, or the first. Raises DataError where there is none."""
        name = wanted or next(iter(self.found), None)
        if name is not None and name in self.found:
            return self.found[name]
        why = " ".join(f"{one}: {text}" for one, text in self.refused.items())
        raise DataError(f"Examination could not be estimated. {why}")


def estimates(
    config: BiasConfig, log: pl.DataFrame, data: QueryData | None, report: Callable[[str], None]
) -> Estimates:
    """By traffic that was randomised or swapped, by items that moved, and, of `data`, by features.

    log: as `click_log` gives it. data: the training rows with their features.
    """
    found: dict[Estimator, Propensity] = {}
    refused: dict[Estimator, str] = {}
    for name in ORDER:
        report(name)
        try:
            found[name] = _METHODS[name](config, log, data)
        except CrossrankError as error:
            refused[name] = str(error)
    return Estimates(found, refused)


def estimated(config: BiasConfig, log: pl.DataFrame, data: QueryData | None) -> Propensity:
    """By the declared estimator, or the first that the log allows. Raises DataError: by none."""
    refused: dict[Estimator, str] = {}
    for name in ORDER if config.estimator is None else (config.estimator,):
        try:
            return _METHODS[name](config, log, data)
        except CrossrankError as error:
            refused[name] = str(error)
    return Estimates({}, refused).best(None)


def _randomised(config: BiasConfig, log: pl.DataFrame, _: QueryData | None) -> Propensity:
    _need(config.random, "bias.random, the rows whose query was shuffled")
    shuffled = log.filter(pl.col("random").cast(pl.Boolean))
    if not shuffled.height:
        raise DataError(f"Column '{config.random}' must mark shuffled rows; it marks none.")
    return randomised(*_arrays(shuffled), depth=_depth(config, shuffled), seed=config.seed)


def _swaps(config: BiasConfig, log: pl.DataFrame, _: QueryData | None) -> Propensity:
    _need(config.partner, "bias.partner and bias.swapped, what changed places with the top")
    ordered = _ordered(log)
    first = ordered.group_by(QUERY, maintain_order=True).first()
    return swaps(
        *_arrays(log),
        partner=first["partner"].fill_null(0).to_numpy(),
        swapped=first["swapped"].cast(pl.Boolean).to_numpy(),
        depth=_depth(config, log),
        seed=config.seed,
    )


def _items(config: BiasConfig, log: pl.DataFrame, _: QueryData | None) -> Propensity:
    _need(config.item, "bias.item, what was shown")
    item = _ordered(log)["item"]
    codes = item if item.dtype.is_integer() else item.cast(pl.String).rank("dense")
    return harvest_items(
        *_arrays(log), item=codes.to_numpy(), depth=_depth(config, log), seed=config.seed
    )


def _features(
    method: Callable[..., Propensity],
) -> Callable[[BiasConfig, pl.DataFrame, QueryData | None], Propensity]:
    def estimate(config: BiasConfig, _: pl.DataFrame, data: QueryData | None) -> Propensity:
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
            seed=config.seed,
        )

    return estimate


def _drawn(data: QueryData, config: BiasConfig) -> QueryData:
    queries = len(data.sizes)
    if queries <= config.queries:
        return data
    random = np.random.default_rng(config.seed)
    return data.some(np.sort(random.choice(queries, config.queries, replace=False)))


def _need(column: str | tuple[str, ...] | None, what: str) -> None:
    if column is None:
        raise DataError(f"It needs {what}; it is not declared.")


def _depth(config: BiasConfig, log: pl.DataFrame) -> int:
    """No deeper than there are clicks everywhere above."""
    clicks = np.bincount(log[POSITION].to_numpy(), log[CLICK].to_numpy())
    empty = np.flatnonzero(clicks == 0)
    return int(min(config.depth, empty[0] if len(empty) else len(clicks)))


def _ordered(log: pl.DataFrame) -> pl.DataFrame:
    return log.sort(QUERY, POSITION)


def _arrays(log: pl.DataFrame) -> Arrays:
    ordered = _ordered(log)
    sizes = ordered.group_by(QUERY, maintain_order=True).len()["len"].to_numpy().astype(np.int64)
    return sizes, ordered[POSITION].to_numpy(), ordered[CLICK].to_numpy()


_METHODS: dict[Estimator, Callable[[BiasConfig, pl.DataFrame, QueryData | None], Propensity]] = {
    "randomised": _randomised,
    "swaps": _swaps,
    "harvest_items": _items,
    "regression_em": _features(regression_em),
    "dual": _features(dual),
}
