"""Interval: a metric's value and where, by chance of the rows drawn, the truth may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import Predictions
from pipelines.uncertainty.clusters import Clusters
from pipelines.uncertainty.resample import Draws, drawn, studentised
from pipelines.uncertainty.statistics import statistic
from ranking.off_policy.resampling import Resampling, Studentised


@dataclass(frozen=True)
class Interval:
    """`low` to `high` holds the truth in a `level` of logs; `units` of a kind were drawn.

    Of fewer than two units nothing can be told, nor of a metric that grows with the log, such as
    coverage: the ends are NaN.
    """

    value: float
    low: float
    high: float
    level: float
    error: float
    units: int
    unit: str

    def __str__(self) -> str:
        return f"{self.value:.5g} ({self.low:.5g} to {self.high:.5g})"


def intervals(
    metrics: Sequence[Metric],
    data: Predictions,
    cluster: str | None = None,
    settings: Resampling | None = None,
) -> dict[str, Interval]:
    """Each metric's interval by its printed form, in the order asked.

    Rows of one `cluster` (a group column, such as the user) are drawn together; by default those
    of a query, where there are queries, else each row by itself.

    Raises:
        ConfigError: no such column.
        DataError: a metric is not defined for the rows.
    """
    settings = settings or Resampling()
    clusters = Clusters.by(data, cluster)
    return {
        str(metric): interval(metric, data, clusters, settings) for metric in dict.fromkeys(metrics)
    }


def interval(
    metric: Metric, data: Predictions, clusters: Clusters, settings: Resampling
) -> Interval:
    """By the bootstrap, studentised where the metric allows it. Raises DataError where it is not
    defined."""
    data.require_groups(str(metric), metric.needs_groups)
    if not metric.resampled:
        unknown = (float("nan"),) * 2
        value = metric.compute(data)
        return Interval(value, *unknown, settings.level, unknown[0], clusters.count, clusters.name)
    known = statistic(metric, data, clusters, settings.seed)
    if known is None:
        values = drawn(metric, [data], clusters, settings)[:, 0]
        found: Draws | Studentised = Draws(float(values[0]), values[1:])
        units, unit = clusters.count, clusters.name
    else:
        found = studentised(known[0], settings)
        units, unit = known[0].counted, known[1]
    ends = (float("nan"),) * 2 if isnan(found.error) else found.interval(settings.level)
    low, high = np.clip(ends, *metric.bounds).tolist()  # which may pass them where rows are few
    return Interval(found.value, low, high, settings.level, found.error, units, unit)
