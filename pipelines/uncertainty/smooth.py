"""Smooth: a smooth function of sums over independent units, with the spread of its value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipelines.metrics.ranked_groups import Floats, Ints

_BAGS = 1024  # more units are dealt into so many bags, so that resampling costs the same
_STEP = 1e-6  # of the total of a column: between what rounding and what curvature spoils


class Statistic(Protocol):
    """What a weighting of independent units gives a value, and each unit its part in it."""

    @property
    def units(self) -> int: ...

    def at(self, times: Floats) -> tuple[Floats, Floats]:
        """Values (weightings,) and residuals (weightings, units) for `times` (weightings, units).

        A residual is the value's derivative by the unit's weight; under its weighting, a
        weighting's residuals sum to 0.
        """
        ...


@dataclass(frozen=True, eq=False)
class Smooth:
    """f(sum_u t_u), with f unchanged where all sums grow alike.

    `terms`: float64 (units, terms); `of_sums` maps sums (..., terms) to (...), NaN where it is not
    defined for them; `counted` is how many units there were before they were dealt into bags.
    """

    terms: Floats
    of_sums: Callable[[Floats], Floats]
    counted: int

    @classmethod
    def of(
        cls, terms: Floats, of: Ints, units: int, of_sums: Callable[[Floats], Floats], seed: int
    ) -> Smooth:
        """Of rows' terms (rows, terms) and the unit (rows,) of each row.

        Sums of independent units are independent, so the spread of many is that of their bags.
        """
        dealt = units
        if units > _BAGS:
            dealt = _BAGS
            of = np.random.default_rng(seed).integers(dealt, size=units)[of]
        sums = [np.bincount(of, column, dealt) for column in terms.T]
        return cls(np.stack(sums, axis=1), of_sums, units)

    @property
    def units(self) -> int:
        """How many are drawn from."""
        return len(self.terms)

    @property
    def value(self) -> float:
        """Of all units."""
        return float(self.of_sums(self.terms.sum(axis=0)))

    def at(self, times: Floats) -> tuple[Floats, Floats]:
        """As `Statistic.at`; the derivative is by central differences."""
        sums = times @ self.terms  # (weightings, terms)
        steps = _STEP * np.abs(self.terms).sum(axis=0)
        slopes = np.zeros_like(sums)
        for column in np.flatnonzero(steps):
            step = np.zeros(len(steps))
            step[column] = steps[column]
            rise = self.of_sums(sums + step) - self.of_sums(sums - step)
            slopes[:, column] = rise / (2 * steps[column])
        return self.of_sums(sums), slopes @ self.terms.T


@dataclass(frozen=True, eq=False)
class Paired:
    """One statistic less another, over the same units."""

    first: Statistic
    second: Statistic

    @property
    def units(self) -> int:
        """Those of both."""
        return self.first.units

    def at(self, times: Floats) -> tuple[Floats, Floats]:
        """As `Statistic.at`; exactly 0 where both are the same."""
        (value, residual), (other, others) = self.first.at(times), self.second.at(times)
        return value - other, residual - others
