"""Estimate: what a policy is worth, how sure that is, and what to beware of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ranking.off_policy.ratios import Ratios
from ranking.off_policy.resampling import Resampling

_FEWEST = 10  # rewarded units below which no interval can be trusted


@dataclass(frozen=True, eq=False)
class Estimate:
    """A value with its interval.

    n: independent units (`unit`: rounds or queries, or clusters of them). ess: effective sample
    size, of `ess_of`. clipped: share of weights that were cut. ratios: the totals, by unit.
    """

    name: str
    value: float
    low: float
    high: float
    level: float
    n: int
    unit: str
    ess: float
    ess_of: str
    clipped: float
    warnings: tuple[str, ...]
    ratios: Ratios = field(repr=False)

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Float64 (n,) by unit, in the order of the log (of the sorted ids, with clusters).

        Their mean is the value.
        """
        return self.ratios.values

    def __str__(self) -> str:
        lines = [
            f"{self.name} {self.value:.5g} ({self.level:.0%}: {self.low:.5g} to {self.high:.5g}), "
            f"{self.n:,} {self.unit}, effective sample {self.ess:,.0f} {self.ess_of}, "
            f"{self.clipped:.2%} of weights clipped"
        ]
        return "\n".join(lines + [f"  warning: {warning}" for warning in self.warnings])


def estimate(
    name: str,
    ratios: Ratios,
    resampling: Resampling,
    *,
    unit: str,
    ess: float,
    ess_of: str,
    clipped: float = 0.0,
    warnings: tuple[str, ...] = (),
) -> Estimate:
    """The estimate that these totals give, with its studentised bootstrap interval."""
    found = resampling.studentised(ratios)
    low, high = found.interval(resampling.level)
    rewarded = int((ratios.above != 0).any(axis=1).sum())
    if rewarded < _FEWEST:
        warnings += (
            f"only {rewarded} of {len(ratios.above)} {unit} carry a reward: the interval is too "
            "short to be believed; collect more of the log.",
        )
    return Estimate(
        name, found.value, low, high, resampling.level, len(ratios.above), unit, ess, ess_of,
        clipped, warnings, ratios,
    )  # fmt: skip
