"""Ratios: an estimate as a sum of ratios of totals over units that are independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.errors import DataError

Floats = npt.NDArray[np.float64]

_BAGS = 2048  # more units are dealt into so many bags, so that resampling costs the same


@dataclass(frozen=True, eq=False)
class Ratios:
    """sum_p scale_p (sum_i above_ip) / (sum_i below_ip); a part without any below counts 0.

    above, below: float64 (units, parts). scale: float64 (parts,). A mean has one part and 1 below.
    """

    above: Floats
    below: Floats
    scale: Floats

    def clustered(self, cluster: npt.ArrayLike | None) -> Ratios:
        """With the units of one id, (units,) of any type, made one unit; the value is the same.

        Raises:
            DataError: not one id a unit.
        """
        if cluster is None:
            return self
        ids = np.asarray(cluster)
        if ids.shape != (len(self.above),):
            raise DataError(
                f"There must be one cluster id for each of {len(self.above)} units; got "
                f"{ids.shape}. Give the id of each round or query, not of each row."
            )
        distinct, of = np.unique(ids, return_inverse=True)
        return self._summed(of, len(distinct))

    @property
    def value(self) -> float:
        """The estimate; 0 where it is but rounding, as in a policy less itself."""
        value = float(self.shares(self.above.sum(0), self.below.sum(0)) @ self.scale)
        return value if abs(value) > self.rounding else 0.0

    @property
    def rounding(self) -> float:
        """A distance too small to tell from the rounding of the parts that are summed."""
        shares = self.shares(self.above.sum(0), self.below.sum(0))
        return 1e-12 * float(np.abs(shares) @ np.abs(self.scale))

    @property
    def values(self) -> Floats:
        """Float64 (units,) whose mean is the estimate and whose spread is, to first order, its own.

        Each is value + sum_p scale_p (above_ip - share_p below_ip) / mean(below_p).
        """
        below = self.below.sum(0)
        share = self.shares(self.above.sum(0), below)
        rate = self.shares(self.scale, below) * len(self.above)
        values: Floats = (self.above - share * self.below) @ rate + share @ self.scale
        values[np.abs(values) <= self.rounding] = 0.0
        return values

    def minus(self, other: Ratios) -> Ratios:
        """The difference of two estimates on the same units.

        Raises:
            DataError: they have not the same number of units.
        """
        if len(self.above) != len(other.above):
            raise DataError(
                "Two estimates can be compared only over the same units; one has "
                f"{len(self.above)} and the other {len(other.above)}. Estimate both from one log."
            )
        return Ratios(
            np.hstack([self.above, other.above]),
            np.hstack([self.below, other.below]),
            np.concatenate([self.scale, -other.scale]),
        )

    def in_bags(self, seed: int) -> Ratios:
        """With many units dealt at random into a few thousand bags, of which one is a unit then.

        Sums of independent units are independent: the spread of the totals is that of the units.
        """
        units = len(self.above)
        if units <= _BAGS:
            return self
        return self._summed(np.random.default_rng(seed).permutation(units) % _BAGS, _BAGS)

    @staticmethod
    def shares(above: Floats, below: Floats) -> Floats:
        """above / below, and 0 where below is 0."""
        nothing = np.zeros(np.broadcast(above, below).shape)
        return np.divide(above, below, out=nothing, where=below != 0)

    def _summed(self, of: npt.NDArray[np.intp], units: int) -> Ratios:
        def sums(columns: Floats) -> Floats:
            return np.stack([np.bincount(of, column, units) for column in columns.T], axis=1)

        return Ratios(sums(self.above), sums(self.below), self.scale)
