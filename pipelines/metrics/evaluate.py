"""evaluate: several metrics over the same predictions."""

from collections.abc import Sequence

from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import Predictions


def evaluate(metrics: Sequence[Metric], data: Predictions) -> dict[str, float]:
    """Each metric's value by its printed form, in the order asked; the sorting is shared.

    Raises DataError, before anything is computed, where a metric needs a group column that the
    predictions lack, and where a metric is not defined for them.
    """
    for metric in metrics:
        data.require_groups(str(metric), metric.needs_groups)
    return {str(metric): metric.compute(data) for metric in dict.fromkeys(metrics)}
