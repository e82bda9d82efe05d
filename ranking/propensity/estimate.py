"""From a function of weighted rows to a propensity with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from ranking.propensity.propensity import Propensity
from ranking.propensity.shown_clicks import Array, ShownClicks
from ranking.propensity.trust_bias import TrustBias

Doubles = npt.NDArray[np.float64]

_NORMAL_95 = 1.959964
_WIDEST = 20.0  # on the logarithm: nothing is known


@dataclass(frozen=True)
class Estimate:
    """An estimator at work on one log.

    curve: examination float64 (depth,), [0] being 1, of weights float64 (rows,) of the rows.
    evidence: the arrays that it read beside the log.
    """

    name: str
    assumes: str
    settings: dict[str, bool | int | float | str | None]
    log: ShownClicks
    curve: Callable[[Doubles], Doubles]
    evidence: tuple[Array, ...] = ()

    def propensity(self, draws: int, seed: int, trust: TrustBias | None = None) -> Propensity:
        """The estimate, and its interval from `draws` resamples of the clusters.

        Raises ConfigError where `draws` are too few to tell a spread.
        """
        if draws < 10:
            raise ConfigError(
                f"An interval needs at least 10 bootstrap draws; got {draws}. Use more."
            )
        middle = self.curve(np.ones(len(self.log.position)))
        low, high = _interval(self.log, self.curve, middle, draws, seed)
        return Propensity(
            estimator=self.name,
            settings={**self.settings, "depth": self.log.depth, "draws": draws, "seed": seed},
            examination=tuple(middle.tolist()),
            low=tuple(low.tolist()),
            high=tuple(high.tolist()),
            impressions=tuple(self.log.impressions.tolist()),
            clicks=tuple(self.log.clicks.tolist()),
            trust=trust,
            fingerprint=self.log.fingerprint(*self.evidence),
            assumes=self.assumes,
        )


def _interval(
    log: ShownClicks, curve: Callable[[Doubles], Doubles], middle: Doubles, draws: int, seed: int
) -> tuple[Doubles, Doubles]:
    """Low and high, each (depth,): normal on the logarithm, since a ratio is what is estimated.

    Rows of a cluster are drawn together, by Poisson(1) weights of the clusters (Chamandy et al.,
    "Estimating Uncertainty for Massive Data Streams", 2012). Where a draw has no clicks, and so no
    logarithm, its standard error is that of the ratio over the ratio.
    """
    random = np.random.default_rng(seed)
    drawn = np.empty((draws, log.depth))
    clusters = int(log.cluster.max()) + 1
    for draw in range(draws):
        weight = random.poisson(1.0, clusters).astype(np.float64)[log.cluster]
        drawn[draw] = curve(np.repeat(weight, log.sizes))
    error = np.array([_spread(one) for one in (drawn / middle).T])
    error = np.minimum(_NORMAL_95 * error, _WIDEST)
    return middle * np.exp(-error), middle * np.exp(error)


def _spread(draws: Doubles) -> float:
    """The standard error of the logarithm of draws (draws,), some of which may be 0 or NaN."""
    known = draws[np.isfinite(draws)]  # where few queries reach a position a draw can miss it
    if len(known) < 2:
        return _WIDEST
    return float(np.std(np.log(known) if known.min() > 0 else known, ddof=1))


def ratio(above: Doubles, below: Doubles) -> Doubles:
    """above / below; NaN where below is 0."""
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
