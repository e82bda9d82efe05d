"""RowSums: metrics whose terms are of rows, added up part by part."""

from collections.abc import Sequence

import numpy as np

from pipelines.metrics.counts import Counts
from pipelines.metrics.metric import AdditiveMetric
from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.stream.found import Found
from pipelines.metrics.stream.part import Part


class RowSums:
    """Sums over the rows of all parts."""

    def __init__(self, metrics: Sequence[AdditiveMetric]) -> None:
        self._sums: dict[AdditiveMetric, list[Floats]] = {metric: [] for metric in metrics}
        self._rows = 0

    def add(self, part: Part) -> None:
        """Count a part in; DataError where a metric is not defined for a row of it."""
        for metric, sums in self._sums.items():
            sums.append(metric.terms(part.data).sums)
        self._rows += part.frame.height

    def found(self) -> dict[str, Found]:
        """Each metric's value; DataError where it is not defined."""
        counts = Counts(self._rows)
        return {
            str(metric): Found(metric.of(np.sum(sums, axis=0), self._rows), counts)
            for metric, sums in self._sums.items()
        }
