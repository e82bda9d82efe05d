"""Difference: two estimates from one log, compared unit by unit."""

from dataclasses import dataclass

from features.errors import DataError
from ranking.off_policy.estimate import Estimate
from ranking.off_policy.resampling import Resampling


@dataclass(frozen=True)
class Difference:
    """The first estimate less the second, over the same units.

    p_bootstrap belongs to the interval: it is below 1 - level where that leaves out 0.
    p_permutation asks no more than that the sign of each unit's difference is a coin's.
    """

    name: str
    value: float
    low: float
    high: float
    level: float
    n: int
    unit: str
    p_bootstrap: float
    p_permutation: float

    def __str__(self) -> str:
        return (
            f"{self.name} {self.value:+.5g} ({self.level:.0%}: {self.low:+.5g} to {self.high:+.5g})"
            f", {self.n:,} {self.unit}, p {self.p_bootstrap:.3g} (bootstrap), "
            f"{self.p_permutation:.3g} (sign flips)"
        )


def compare(
    a: Estimate,
    b: Estimate,
    *,
    names: tuple[str, str] = ("a", "b"),
    resampling: Resampling | None = None,
) -> Difference:
    """Test a - b, paired: the units of both are drawn and flipped together.

    Raises:
        DataError: the estimates are of different units, or numbers of them.
    """
    if a.unit != b.unit:
        raise DataError(
            f"Two estimates can be compared only over the same units; got {a.name} over {a.unit} "
            f"and {b.name} over {b.unit}. Give both the same clusters."
        )
    resampling = resampling or Resampling()
    measure = a.name if a.name == b.name else f"{a.name} - {b.name}"
    both = a.ratios.minus(b.ratios)
    found = resampling.studentised(both)
    low, high = found.interval(resampling.level)
    return Difference(
        name=f"{names[0]} - {names[1]}, {measure}",
        value=found.value,
        low=low,
        high=high,
        level=resampling.level,
        n=a.n,
        unit=a.unit,
        p_bootstrap=found.p_value(),
        p_permutation=resampling.sign_flips(both),
    )
