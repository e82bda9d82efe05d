"""statistic: a metric of predictions as a smooth function of sums over independent units."""

from __future__ import annotations

from pipelines.metrics.auc import AUC
from pipelines.metrics.ctr_mae import CTRMAE
from pipelines.metrics.metric import AdditiveMetric, GroupedMetric, Metric, ratio
from pipelines.metrics.pr_auc import PRAUC
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats
from pipelines.uncertainty.clusters import Clusters
from pipelines.uncertainty.placements import placement_terms, precision_terms
from pipelines.uncertainty.smooth import Smooth


def statistic(
    metric: Metric, data: Predictions, clusters: Clusters, seed: int
) -> tuple[Smooth, str] | None:
    """The statistic whose value is the metric's, and the name of its unit.

    A metric that adds up is a function of its sums, AUC one of its placement values,
    PR-AUC the mean of its rows' influence; None for
    others, of the order of scores or of sums over groups of no meaning of their own.

    Raises DataError where the metric is not defined for the rows.
    """
    # A device is no unit that was drawn: what it errs by is that of its rows, drawn anew.
    if isinstance(metric, AdditiveMetric) and not isinstance(metric, CTRMAE):
        metric.compute(data)
        terms, units = metric.terms(data), clusters
        if isinstance(metric, GroupedMetric):
            units = clusters.of_groups(data, metric.needs_groups[0])
        found = Smooth.of(terms.values, units.of, units.count, metric.of_sums, seed)
        return found, units.name
    if isinstance(metric, AUC):
        value = metric.compute(data)

        def of_sums(sums: Floats) -> Floats:
            both = ratio(sums[..., 0], sums[..., 1]) + ratio(sums[..., 2], sums[..., 3])
            return both - value

        placed = placement_terms(data)
        return Smooth.of(placed, clusters.of, clusters.count, of_sums, seed), clusters.name
    if isinstance(metric, PRAUC):
        terms_of = precision_terms(data, metric.compute(data))
        found = Smooth.of(terms_of, clusters.of, clusters.count, _mean, seed)
        return found, clusters.name
    return None


def _mean(sums: Floats) -> Floats:
    return ratio(sums[..., 0], sums[..., 1])
