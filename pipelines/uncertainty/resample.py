"""Resamples of independent units: the studentised bootstrap of any statistic of their sums."""

from __future__ import annotations

import numpy as np

from pipelines.metrics.ranked_groups import Floats
from pipelines.uncertainty.smooth import Statistic
from ranking.off_policy.resampling import Resampling, Studentised

_AT_ONCE = 250  # resamples held in memory


def standard_error(statistic: Statistic) -> tuple[float, float]:
    """The value, and the standard error of its linearised form; NaN of fewer than two units."""
    value, residual = statistic.at(np.ones((1, statistic.units)))
    units = statistic.units
    if units < 2:
        return float(value[0]), float("nan")
    return float(value[0]), float(np.sqrt((residual**2).sum() * units / (units - 1)))


def studentised(statistic: Statistic, settings: Resampling) -> Studentised:
    """Draw units with replacement; each resample has its own linearised standard error.

    Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, section 12.5.
    """
    value, error = standard_error(statistic)
    if not error > 0:
        return Studentised(value, error, np.empty(0))
    units, rng = statistic.units, np.random.default_rng([settings.seed, 1])
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
