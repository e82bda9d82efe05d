"""Permutation importance: what a metric loses when a feature's values change hands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from features.batch import Batch
from features.errors import ConfigError, DataError
from features.suggest import listing
from pipelines.evaluate import predictions
from pipelines.importance.jackknife import blocks_of, interval, left_out
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import QUERY, Predictions
from pipelines.players import Players
from pipelines.run import Run
from pipelines.sample import Rows, sample
from pipelines.subject import CTR, RANKER, Subject, subject_of
from serving.scorer import Scorer

MOST = 100_000  # rows, unless more are asked for

Floats = npt.NDArray[np.float64]
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Importance:
    """How much the metric loses without what the feature, or the group of features, knows."""

    feature: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Importances:
    """Of all features, the largest first; `metric` is what `scorer` has with all of them."""

    scorer: str
    metric: float
    rows: int
    features: list[Importance]


class Shuffling(BaseModel):
    """How values change hands: `repeats` times across all rows, or `within` each query alone.

    `groups` of features, by name, are shuffled together, by the same permutation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repeats: int = Field(default=5, ge=1)
    seed: int = Field(default=0, ge=0)
    within: bool = False
    groups: Mapping[str, Sequence[str]] = Field(default_factory=dict)
    level: float = Field(default=0.95, gt=0, lt=1)


def permutation(
    target: Run | Scorer,
    part: str = "test",
    metric: str | Metric = "AUC",
    seed: int = 0,
    repeats: int = 5,
    *,
    rows: int = MOST,
    data: str | None = None,
) -> list[Importance]:
    """By declared feature of a run (or of a bundle, over `data`), the largest first.

    Raises:
        ConfigError: a metric that has no better or worse.
        DataError: rows that cannot be used.
    """
    chosen = parse_metric(metric) if isinstance(metric, str) else metric
    settings = Shuffling(repeats=repeats, seed=seed)
    found = sample(target, part, rows, seed, data, further=groups_of(chosen))
    return importances(subject_of(target), found, chosen, settings).features


def importances(
    subject: Subject,
    rows: Rows,
    metric: Metric,
    settings: Shuffling,
    report: Report | None = None,
) -> Importances:
    """What the metric loses, a mean over repeats, with intervals over rows and shuffles.

    Breiman, Machine Learning 45, 2001; Fisher et al., JMLR 20, 2019.

    Raises:
        ConfigError: the metric has no better or worse, or a group names no feature.
        DataError: the metric is not defined for the rows, or they have no queries.
    """
    sign, scorer = sign_of(metric), scorer_for(subject, metric)
    players = Players(subject.encoder.layout, settings.groups)
    random = np.random.default_rng(settings.seed)

    def measured(batch: Batch) -> Predictions:
        return scored(rows.roles, subject.score(batch)[scorer], groups_of(metric))

    whole = measured(rows.batch)
    blocks = blocks_of(metric, whole, settings.seed)
    value, without = metric.compute(whole), left_out(metric, whole, blocks)
    queries = _queries(rows.roles) if settings.within else None
    found = []
    for i, name in enumerate(players.names):
        if report is not None:
            report("shuffle", i, len(players.names))
        given = np.arange(len(players.names))[None] == i
        changes: list[float] = []
        left: list[Floats] = []
        for _ in range(settings.repeats):
            other = rows.batch.take(_shuffled(rows.batch.rows, queries, random))
            data = measured(players.mixed(rows.batch, other, given))
            changes.append(sign * (value - metric.compute(data)))
            left.append(sign * (without - left_out(metric, data, blocks)))
        lost = float(np.mean(changes))
        low, high = interval(lost, np.mean(left, axis=0), settings.level)
        found.append(Importance(name, lost, low, high))
    if report is not None:
        report("shuffle", len(players.names), len(players.names))
    found.sort(key=lambda one: -one.value)
    return Importances(scorer, value, rows.batch.rows, found)


def sign_of(metric: Metric) -> float:
    """1 where more is better, -1 where less is. Raises ConfigError where neither is."""
    if metric.higher_is_better is None:
        raise ConfigError(
            f"An importance is what a metric loses; {metric} has no better or worse. "
            "Choose another, such as AUC, LogLoss or nDCG@10."
        )
    return 1.0 if metric.higher_is_better else -1.0


def scorer_for(subject: Subject, metric: Metric) -> str:
    """The ranker for the order of a query's rows, where there is one; else the CTR model."""
    known = subject.scorers
    if metric.of_probabilities and CTR not in known:
        raise ConfigError(
            f"{metric} is of probabilities, which a [model] gives; there is {listing(known)} "
            "alone. Choose a metric of the order, such as nDCG@10."
        )
    ranks = RANKER in known and not metric.of_probabilities
    return RANKER if ranks and (CTR not in known or QUERY in metric.needs_groups) else CTR


def groups_of(metric: Metric) -> tuple[str, ...]:
    """The columns of the log that a metric groups rows by, beside their query."""
    return tuple(name for name in metric.needs_groups if name != QUERY)


def scored(
    roles: pl.DataFrame, scores: npt.NDArray[np.float32], groups: Sequence[str] = ()
) -> Predictions:
    """Rows' labels, weights, queries and further groups against scores (rows,).

    Raises DataError where one of them cannot be used.
    """
    found = predictions(roles.with_columns(pl.Series("score", scores)), "score")
    return replace(
        found, groups={**found.groups, **{name: roles[name].to_numpy() for name in groups}}
    )


def _queries(roles: pl.DataFrame) -> npt.NDArray[np.intp]:
    if QUERY not in roles.columns:
        raise DataError(
            "Shuffling within queries needs rows that have a query; these have none. Declare "
            "data.query, or shuffle across all rows."
        )
    return pd.factorize(roles[QUERY].to_numpy())[0]


def _shuffled(
    rows: int, queries: npt.NDArray[np.intp] | None, random: np.random.Generator
) -> npt.NDArray[np.intp]:
    """A permutation intp (rows,), within queries where they are given."""
    if queries is None:
        return random.permutation(rows)
    drawn = np.empty(rows, np.intp)
    drawn[np.argsort(queries, kind="stable")] = np.lexsort((random.random(rows), queries))
    return drawn
