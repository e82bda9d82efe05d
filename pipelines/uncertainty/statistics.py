"""statistic: any metric of predictions as a smooth function of sums over independent units."""

from __future__ import annotations

import numpy as np

from features.errors import DataError
from pipelines.metrics.auc import AUC
from pipelines.metrics.metric import AdditiveMetric, GroupedMetric, Metric, ratio
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats
from pipelines.uncertainty.clusters import Clusters
from pipelines.uncertainty.placements import placement_terms
from pipelines.uncertainty.smooth import Smooth

_LEFT_OUT = 200  # parts of the rows that a metric without sums is computed without, one by one


def statistic(
    metric: Metric, data: Predictions, clusters: Clusters, seed: int
) -> tuple[Smooth, str]:
    """The statistic whose value is the metric's, and the name of its unit.

    A metric that adds up is a function of its sums; AUC one of its placement values; any other is
    the mean of its pseudo-values, by leaving parts of the clusters out.

    Raises DataError where the metric is not defined for the rows.
    """
    if isinstance(metric, AdditiveMetric):
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

        terms = placement_terms(data)
        return Smooth.of(terms, clusters.of, clusters.count, of_sums, seed), clusters.name
    return _pseudo_values(metric, data, clusters, seed), clusters.name


def _pseudo_values(metric: Metric, data: Predictions, clusters: Clusters, seed: int) -> Smooth:
    """The mean of m v - (m - 1) v_u, v_u without part u of m parts, moved to v.

    Tukey, 1958; parts of several clusters as Shao & Wu, Annals of Statistics 17, 1989, which
    serves quantiles too.
    """
    value, of, parts = metric.compute(data), clusters.of, clusters.count
    if parts > _LEFT_OUT:
        parts = _LEFT_OUT
        of = (np.random.default_rng(seed).permutation(clusters.count) % parts)[of]
    weights = np.ones_like(data.labels) if data.weights is None else data.weights
    left = np.full(parts, value)
    for part in range(parts):
        kept = np.where(of == part, 0.0, weights)
        try:
            left[part] = metric.compute(data.reweighted(kept))
        except DataError:  # what is left has no positives, say: the part tells all there is
            continue
    pseudo = (parts - 1) * (left.mean() - left)
    terms = np.stack([value + pseudo, np.ones(parts)], axis=1)
    return Smooth(terms, lambda sums: ratio(sums[..., 0], sums[..., 1]), clusters.count)
