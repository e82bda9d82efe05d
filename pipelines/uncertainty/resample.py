"""Resamples of independent units: bootstrap, studentised where it can be, and permutation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from features.errors import DataError
from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats, Ints
from pipelines.uncertainty.clusters import Clusters
from pipelines.uncertainty.smooth import Smooth, Statistic
from ranking.off_policy.resampling import Resampling, Studentised

_AT_ONCE = 250  # resamples held in memory
_TOO_FEW = 20  # units whose resamples repeat each other: Student's distribution is steadier
_EXACT = 200  # resamples of a metric that is computed anew for each


def standard_error(statistic: Statistic) -> tuple[float, float]:
    """The value, and the standard error of its linearised form; NaN of fewer than two units."""
    value, residual = statistic.at(np.ones((1, statistic.units)))
    units = statistic.units
    if units < 2:
        return float(value[0]), float("nan")
    return float(value[0]), float(np.sqrt((residual**2).sum() * units / (units - 1)))


def studentised(statistic: Statistic, settings: Resampling) -> Studentised:
    """Draw units with replacement; each resample has its own linearised standard error. Of very
    few units, by Student's distribution.

    Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, section 12.5.
    """
    value, error = standard_error(statistic)
    if not error > 0:
        return Studentised(value, error, np.empty(0))
    units, rng = statistic.units, np.random.default_rng([settings.seed, 1])
    if units < _TOO_FEW:
        shares = (np.arange(settings.resamples) + 0.5) / settings.resamples
        return Studentised(value, error, student.ppf(shares, units - 1))
    found: list[Floats] = []
    for first in range(0, settings.resamples, _AT_ONCE):
        many = min(_AT_ONCE, settings.resamples - first)
        drawn = rng.integers(units, size=(many, units)) + units * np.arange(many)[:, None]
        times = np.bincount(drawn.ravel(), minlength=many * units).reshape(many, units)
        values, residuals = statistic.at(times.astype(np.float64))
        spread = np.sqrt(np.einsum("ru,ru,ru->r", times, residuals, residuals))
        spread *= np.sqrt(units / (units - 1))
        defined = np.isfinite(values) & (spread > 1e-3 * error)
        found.append((values - value)[defined] / spread[defined])
    return Studentised(value, error, np.sort(np.concatenate(found)))


@dataclass(frozen=True, eq=False)
class Draws:
    """An estimate, and what it came to on resamples (resamples,).

    The resamples are as far above the estimate as it is above the truth, which of a sum of
    absolute values, as ECE, is much: so the interval is about the estimate less that.
    """

    value: float
    draws: Floats

    @property
    def error(self) -> float:
        """The standard error; NaN of fewer than two resamples."""
        return float(self.draws.std(ddof=1)) if len(self.draws) > 1 else float("nan")

    @property
    def _centre(self) -> float:
        return 2 * self.value - float(self.draws.mean())

    def interval(self, level: float) -> tuple[float, float]:
        """By the normal distribution. Efron & Tibshirani, section 10.6 and 13.3."""
        width = float(norm.ppf((1 + level) / 2)) * self.error
        return self._centre - width, self._centre + width

    def p_value(self) -> float:
        """Two-sided, of a truth of 0."""
        if self.error == 0:
            return float(self.value == 0)
        return float(2 * norm.sf(abs(self._centre / self.error)))


def drawn(
    metric: Metric, scorers: Sequence[Predictions], clusters: Clusters, settings: Resampling
) -> Floats:
    """(1 + resamples, scorers): the metric of all rows, then of clusters drawn with replacement.

    Each is exact, of reweighted rows that are not sorted again; those for which it is not defined
    are left out. Raises DataError where it is not for all rows.
    """
    found = [[metric.compute(data) for data in scorers]]
    rng, units = np.random.default_rng([settings.seed, 3]), clusters.count
    for _ in range(min(settings.resamples, _EXACT) if units > 1 else 0):
        times = np.bincount(rng.integers(units, size=units), minlength=units)[clusters.of]
        try:
            found.append([metric.compute(_weighted(data, times)) for data in scorers])
        except DataError:  # no positives among what was drawn, say
            continue
    return np.array(found)


def _weighted(data: Predictions, times: Ints) -> Predictions:
    return data.reweighted(times if data.weights is None else times * data.weights)


def swapped(first: Smooth, second: Smooth, settings: Resampling) -> float:
    """Two-sided p of no difference: in each unit, which scorer is which is a coin's.

    Fisher's randomisation, exact but for the number of draws; by unit, so that what a user's rows
    share is kept. Both of the same units and terms.
    """
    middle, half = (first.terms + second.terms) / 2, (first.terms - second.terms) / 2
    total = middle.sum(axis=0)
    rng = np.random.default_rng([settings.seed, 2])

    def difference(moved: Floats) -> Floats:
        return np.abs(first.of_sums(total + moved) - second.of_sums(total - moved))

    least = float(difference(half.sum(axis=0))) * (1 - 1e-9)  # rounding must not break a tie
    reached = 0
    for start in range(0, settings.resamples, _AT_ONCE):
        many = min(_AT_ONCE, settings.resamples - start)
        signs = rng.integers(2, size=(many, first.units), dtype=np.int8) * 2.0 - 1.0
        reached += int((~(difference(signs @ half) < least)).sum())
    return (reached + 1) / (settings.resamples + 1)
