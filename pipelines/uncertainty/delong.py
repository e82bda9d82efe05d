"""DeLong's test: whether two scorers of the same rows differ in AUC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from pipelines.metrics.auc import AUC
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats
from pipelines.uncertainty.clusters import ROW, Clusters
from pipelines.uncertainty.placements import placement_terms


@dataclass(frozen=True, eq=False)
class DeLong:
    """AUCs (scorers,) and their covariance (scorers, scorers), NaN where it cannot be told."""

    areas: Floats
    covariance: Floats

    @property
    def value(self) -> float:
        """The second AUC less the first."""
        return float(self.areas[1] - self.areas[0])

    @property
    def error(self) -> float:
        """The standard error of that; 0 where the two rank alike."""
        variance = self.covariance[0, 0] + self.covariance[1, 1] - 2 * self.covariance[0, 1]
        rounding = 1e-12 * np.trace(self.covariance)
        return float(np.sqrt(variance)) if not variance <= rounding else 0.0

    @property
    def p_value(self) -> float:
        """Two-sided, by the normal distribution."""
        if self.error == 0:
            return 1.0
        return float(2 * norm.sf(abs(self.value / self.error)))

    def interval(self, level: float) -> tuple[float, float]:
        """Of the difference, by the normal distribution."""
        width = float(norm.ppf((1 + level) / 2)) * self.error
        return self.value - width, self.value + width


def delong(scorers: list[Predictions], clusters: Clusters) -> DeLong:
    """The AUCs of scorers of the same rows, of both classes, and how they vary together.

    DeLong et al., Biometrics 44, 1988, where each row is its own cluster; for larger ones,
    Obuchowski, "Nonparametric Analysis of Clustered ROC Curve Data", Biometrics 53, 1997.
    """
    areas = np.array([AUC().compute(one) for one in scorers])
    gaps = []  # (clusters, 2) a scorer: what positives, and negatives, are off the area
    for one, area in zip(scorers, areas, strict=True):
        terms = placement_terms(one)
        if clusters.name == ROW:
            sums = terms
        else:
            sums = np.stack([np.bincount(clusters.of, t, clusters.count) for t in terms.T], 1)
        gaps.append(sums[:, ::2] - area * sums[:, 1::2])
    mass = sums[:, 1::2]
    totals = mass.sum(axis=0)
    held = [np.count_nonzero(mass[:, kind]) for kind in range(2)]
    positive, negative = (
        np.stack([gap[:, kind] for gap in gaps]) / totals[kind] for kind in (0, 1)
    )
    crossed = positive @ negative.T
    covariance = (
        _spread(int(held[0])) * positive @ positive.T
        + _spread(int(held[1])) * negative @ negative.T
        + _spread(clusters.count) * (crossed + crossed.T)
    )
    return DeLong(areas, covariance)


def _spread(clusters: int) -> float:
    return clusters / (clusters - 1) if clusters > 1 else float("nan")
