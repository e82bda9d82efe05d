"""Preference: which of two interleaved rankings users clicked more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from features.errors import ConfigError, DataError
from ranking.off_policy.estimate import Estimate, estimate
from ranking.off_policy.ratios import Ratios
from ranking.off_policy.resampling import Resampling
from ranking.off_policy.rounds import Floats, Rounds, column


@dataclass(frozen=True)
class Preference:
    """Impressions won by a, by b, and by none.

    share: of the decided impressions, those won by a; low, high: its exact (Clopper-Pearson)
    interval; p_sign: the two-sided sign test of a share of 1/2. margin: the mean credit of a less
    that of b an impression, with its interval; p_flip: the sign-flip test of a margin of 0. For
    probabilistic interleaving the margin is the measure, and its wins only tell of it.
    """

    wins: int
    losses: int
    ties: int
    share: float
    low: float
    high: float
    level: float
    p_sign: float
    margin: Estimate
    p_flip: float

    @property
    def delta(self) -> float:
        """(wins + ties / 2) / impressions - 1/2: Chapelle et al., TOIS 2012."""
        return (self.wins - self.losses) / 2 / (self.wins + self.losses + self.ties)

    def __str__(self) -> str:
        margin = self.margin
        return (
            f"a wins {self.wins:,}, b wins {self.losses:,}, ties {self.ties:,}: a has "
            f"{self.share:.1%} of the decided ({self.level:.0%}: {self.low:.1%} to "
            f"{self.high:.1%}), p {self.p_sign:.3g} (sign test); margin {margin.value:+.4g} an "
            f"impression ({margin.low:+.4g} to {margin.high:+.4g}), p {self.p_flip:.3g} "
            "(sign flips)"
        )


def impression_credits(click: npt.ArrayLike, credit: npt.ArrayLike, sizes: npt.ArrayLike) -> Floats:
    """Float64 (impressions, rankings): what the clicks of each impression give to each ranking.

    click: (rows,). credit: (rows, rankings) as shown. sizes: (impressions,).

    Raises:
        DataError: arrays that do not fit each other.
    """
    rows = np.size(click)
    rounds, clicks = Rounds.of(rows, sizes), column("click", click, rows)
    given = np.asarray(credit, np.float64)
    if given.ndim != 2 or len(given) != rows:
        raise DataError(
            f"`credit` must be (rows, rankings) with {rows} rows; its shape is {given.shape}."
        )
    return np.stack([rounds.sums(clicks * one) for one in given.T], axis=1)


def preference(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    *,
    cluster: npt.ArrayLike | None = None,
    resampling: Resampling | None = None,
) -> Preference:
    """Compare the credits a and b (impressions,) of two rankings over the same impressions.

    An impression is won by the ranking of more credit; one without clicks is a tie. The sign test
    takes impressions as independent; the margin draws clusters (users), where their ids
    (impressions,) are given.

    Raises:
        DataError: credits that do not fit each other.
    """
    resampling = resampling or Resampling()
    count = np.size(a)
    margin = column("a", a, count) - column("b", b, count)
    if count == 0:
        raise DataError("A preference needs at least one impression; got none.")
    near = 1e-9  # marginalised credits of two equal rankings differ by rounding
    wins, losses = int((margin > near).sum()), int((margin < -near).sum())
    low, high, p = 0.0, 1.0, 1.0
    if wins + losses:
        test = binomtest(wins, wins + losses)
        low, high = map(float, test.proportion_ci(resampling.level, "exact"))
        p = float(test.pvalue)
    ratios = Ratios(margin[:, None], np.ones((count, 1)), np.ones(1)).clustered(cluster)
    unit = "impressions" if cluster is None else "clusters of impressions"
    decided = float(wins + losses)
    found = estimate("margin", ratios, resampling, unit=unit, ess=decided, ess_of="decided")
    share = wins / decided if decided else 0.5
    p_flip = resampling.sign_flips(ratios)
    return Preference(
        wins, losses, count - wins - losses, share, low, high, resampling.level, p, found, p_flip
    )


def needed_impressions(
    share: float, decided: float, *, level: float = 0.95, power: float = 0.8
) -> int:
    """Impressions for the sign test to find, with this power, that a wins `share` of the decided.

    decided: the share of impressions that are no ties. Of those n = ((z_level / 2 + z_power
    sqrt(share (1 - share))) / (share - 1/2))^2, z_level two-sided, corrected for the steps of the
    exact test: n / 4 (1 + sqrt(1 + 2 / (n |share - 1/2|)))^2. Fleiss, Levin & Paik, "Statistical
    Methods for Rates and Proportions", 2003.

    Raises:
        ConfigError: shares or probabilities out of range, or no effect to find.
    """
    for name, value in (("share", share), ("level", level), ("power", power)):
        if not 0 < value < 1:
            raise ConfigError(f"`{name}` must be between 0 and 1; got {value}.")
    if not 0 < decided <= 1 or share == 0.5:
        raise ConfigError(
            "There must be decided impressions, at most all, and a share other than 1/2 to find; "
            f"got decided {decided} and share {share}."
        )
    z = NormalDist()
    spread = z.inv_cdf((1 + level) / 2) / 2 + z.inv_cdf(power) * math.sqrt(share * (1 - share))
    effect = abs(share - 0.5)
    smooth = (spread / effect) ** 2
    stepped = smooth / 4 * (1 + math.sqrt(1 + 2 / (smooth * effect))) ** 2
    return math.ceil(stepped / decided)
