"""Difference: by how much two scorers of the same rows differ, and whether chance explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from features.errors import DataError
from pipelines.metrics.auc import AUC
from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import Predictions
from pipelines.uncertainty.clusters import Clusters
from pipelines.uncertainty.correction import Correction, adjusted
from pipelines.uncertainty.delong import delong
from pipelines.uncertainty.resample import Draws, drawn, studentised, swapped
from pipelines.uncertainty.smooth import Paired
from pipelines.uncertainty.statistics import statistic
from ranking.off_policy.resampling import Resampling

POWER = 0.8


@dataclass(frozen=True)
class Difference:
    """`value` is the second less the first; `better` says which way that is, None for neither.

    `p_value` is of `test`; `adjusted` of it among the others tested with it. `detectable` is the
    least true difference that would be shown in `POWER` of such logs.
    """

    metric: str
    first: float
    second: float
    value: float
    low: float
    high: float
    level: float
    error: float
    test: str
    p_value: float
    adjusted: float
    detectable: float
    units: int
    unit: str
    better: bool | None

    @property
    def shown(self) -> bool:
        """Whether the adjusted p-value leaves less to chance than the level allows."""
        return self.adjusted < 1 - self.level


def differences(
    metrics: Sequence[Metric],
    first: Predictions,
    second: Predictions,
    cluster: str | None = None,
    settings: Resampling | None = None,
    correction: Correction = "holm",
) -> dict[str, Difference]:
    """What the second scorer's metrics have over the first's, on the same rows, paired.

    AUC by DeLong's test; any other by an interval of the paired bootstrap and a permutation test,
    both by cluster as `intervals` has it. p-values are adjusted for the number of metrics.

    Raises:
        ConfigError: no such column.
        DataError: the rows differ, or a metric is not defined for them.
    """
    require_same_rows(first, second)
    settings = settings or Resampling()
    clusters = Clusters.by(first, cluster)
    found = [difference(one, first, second, clusters, settings) for one in dict.fromkeys(metrics)]
    return {one.metric: one for one in correct(found, correction)}


def difference(
    metric: Metric,
    first: Predictions,
    second: Predictions,
    clusters: Clusters,
    settings: Resampling,
) -> Difference:
    """One metric's, not yet adjusted. Raises DataError where it is not defined."""
    for one in (first, second):
        one.require_groups(str(metric), metric.needs_groups)
    found = _tested(metric, first, second, clusters, settings)
    value, error = found.value, found.error
    low, high = (float("nan"),) * 2 if np.isnan(error) else found.ends
    better = None if metric.higher_is_better is None else (value > 0) == metric.higher_is_better
    return Difference(
        metric=str(metric),
        first=found.first,
        second=found.second,
        value=value,
        low=low,
        high=high,
        level=settings.level,
        error=error,
        test=found.test,
        p_value=found.p_value,
        adjusted=found.p_value,
        detectable=minimum_detectable(error, settings.level),
        units=found.units,
        unit=found.unit,
        better=better if value else None,
    )


@dataclass(frozen=True)
class _Tested:
    test: str
    first: float
    second: float
    error: float
    ends: tuple[float, float]
    p_value: float
    units: int
    unit: str

    @property
    def value(self) -> float:
        return self.second - self.first


def _tested(
    metric: Metric,
    first: Predictions,
    second: Predictions,
    clusters: Clusters,
    settings: Resampling,
) -> _Tested:
    """By the test that fits the metric: DeLong's, a permutation, or the paired bootstrap's."""
    level, units, unit = settings.level, clusters.count, clusters.name
    if isinstance(metric, AUC):
        test = delong([first, second], clusters)
        before, after = (float(one) for one in test.areas)
        ends, p = test.interval(level), test.p_value
        return _Tested("DeLong", before, after, test.error, ends, p, units, unit)
    old = statistic(metric, first, clusters, settings.seed)
    new = statistic(metric, second, clusters, settings.seed)
    if old is None or new is None:
        values = drawn(metric, [first, second], clusters, settings)
        changes = values[:, 1] - values[:, 0]
        draws = Draws(float(changes[0]), changes[1:])
        ends, p = draws.interval(level), draws.p_value()
        before, after = (float(one) for one in values[0])
        return _Tested("bootstrap", before, after, draws.error, ends, p, units, unit)
    (one, unit), (other, _) = old, new
    paired = studentised(Paired(other, one), settings)
    p = swapped(one, other, settings) if one.units > 1 else float("nan")
    ends, units = paired.interval(level), one.counted
    return _Tested("permutation", one.value, other.value, paired.error, ends, p, units, unit)


def correct(found: Sequence[Difference], correction: Correction) -> list[Difference]:
    """The same with p-values adjusted for all that are given."""
    among = adjusted([one.p_value for one in found], correction)
    return [replace(one, adjusted=p) for one, p in zip(found, among, strict=True)]


def minimum_detectable(error: float, level: float, power: float = POWER) -> float:
    """The least true difference that a two-sided test at 1 - level shows in `power` of logs.

    (z_{1 - alpha / 2} + z_power) times the standard error; Bloom, Evaluation Review 19, 1995.
    """
    return float((norm.ppf((1 + level) / 2) + norm.ppf(power)) * error)


def require_same_rows(first: Predictions, second: Predictions) -> None:
    """Raise DataError unless both have the same labels and weights, row by row."""
    for name in ("labels", "weights"):
        one, other = getattr(first, name), getattr(second, name)
        same = one is other if one is None or other is None else np.array_equal(one, other)
        if not same:
            raise DataError(
                f"Scorers can be compared on the same rows only; their {name} differ. Join them "
                "by key columns first."
            )
