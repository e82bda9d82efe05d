"""Counts: how much of the rows a metric's value rests on."""

from dataclasses import dataclass

from pipelines.metrics.group_values import GroupValues
from pipelines.metrics.metric import GroupedMetric, Metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.score_metric import ScoreMetric


@dataclass(frozen=True)
class Counts:
    """Of a metric: its rows; of these `tied`, whose score another row has that they are ranked
    with; its groups, 0 where it has none; of these `skipped`, and their shares of the weight.
    """

    rows: int
    tied: int = 0
    groups: int = 0
    skipped: int = 0
    weight: float = 0.0
    weight_skipped: float = 0.0

    @property
    def tie_rate(self) -> float:
        """The share of the rows, from 0 to 1, that are tied."""
        return self.tied / self.rows

    @property
    def skipped_share(self) -> float:
        """The share of the groups' weight, from 0 to 1, that the value leaves out."""
        return self.weight_skipped / self.weight if self.weight else 0.0

    @classmethod
    def of_groups(cls, metric: GroupedMetric, data: Predictions, found: GroupValues) -> "Counts":
        """Of the values by group that the metric found."""
        # A metric of probabilities ranks nothing within its groups.
        tied = 0 if metric.of_probabilities else data.ranked(metric.needs_groups[0]).tied
        skipped, total = found.weights[~found.counted].sum(), found.weights.sum()
        groups = found.keys.size
        return cls(data.labels.size, tied, groups, found.skipped, float(total), float(skipped))

    def __add__(self, other: "Counts") -> "Counts":
        """Of both, which share no group and no score that ranks rows of one against the other's."""
        return Counts(
            self.rows + other.rows,
            self.tied + other.tied,
            self.groups + other.groups,
            self.skipped + other.skipped,
            self.weight + other.weight,
            self.weight_skipped + other.weight_skipped,
        )


def counts(metric: Metric, data: Predictions) -> Counts:
    """What the metric's value over the predictions rests on; DataError as for the value."""
    if isinstance(metric, GroupedMetric):
        return Counts.of_groups(metric, data, metric.per_group(data))
    if isinstance(metric, ScoreMetric):
        return Counts(data.labels.size, data.ranked().tied)
    return Counts(data.labels.size)
