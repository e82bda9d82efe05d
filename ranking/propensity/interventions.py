"""Clicks on what was seen at two positions, and the curves that explain them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, DataError
from ranking.propensity.estimate import ratio

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interventions:
    """The interventional sets S_{k,k'} of Agarwal et al., summed up.

    shown, clicks: float64 (depth, depth), the weighted impressions and clicks at k (row) of what
    also had a chance at k' (column). The weights make what stands at k and what stands at k'
    alike, so that their click rates differ by examination alone.
    """

    shown: Doubles
    clicks: Doubles

    @property
    def rate(self) -> Doubles:
        """Clicks an impression, NaN where nothing was shown."""
        return ratio(self.clicks, self.shown)

    @property
    def linked(self) -> npt.NDArray[np.bool_]:
        """Pairs of positions that have clicks on both sides."""
        linked: npt.NDArray[np.bool_] = (self.clicks > 0) & (self.clicks.T > 0)
        return linked

    def curve(self, method: str) -> Doubles:
        """Examination float64 (depth,) relative to the top, by one of METHODS."""
        return METHODS[method](self)

    def check(self, method: str) -> None:
        """Raises:
        ConfigError: no such method.
        DataError: a position that the method cannot compare with the top.
        """
        if method not in METHODS:
            raise ConfigError(f"The method must be one of {', '.join(METHODS)}; got '{method}'.")
        depth = len(self.shown)
        use = np.zeros((depth, depth), bool)
        if method == "chain":
            use[np.arange(1, depth), np.arange(depth - 1)] = True
        elif method == "pivot":
            use[:, 0] = True
        else:
            use[:] = True
        use = (use | use.T) & self.linked
        reached = np.arange(depth) == 0
        for _ in range(depth):
            reached |= use[reached].any(axis=0)
        if not reached.all():
            lost = int(np.flatnonzero(~reached)[0])
            raise DataError(
                f"Position {lost} (from 0) must have clicks on what was also clicked at "
                f"{_AGAINST[method]}; it has none. Log more, from rankers that differ"
                + (", use method = 'pairs'" if method != "pairs" else "")
                + (f", or depth = {lost}." if lost > 1 else ".")
            )


def _chain(found: Interventions) -> Doubles:
    """The product of the ratios of neighbours down to each position."""
    below, above = found.rate.diagonal(-1), found.rate.diagonal(1)
    return np.concatenate([[1.0], np.cumprod(ratio(below, above))])


def _pivot(found: Interventions) -> Doubles:
    """The ratio to the top itself."""
    curve = ratio(found.rate[:, 0], found.rate[0])
    curve[0] = 1
    return curve


def _pairs(found: Interventions, steps: int = 50, tolerance: float = 1e-9) -> Doubles:
    """The likeliest curve over all pairs, by Newton's method.

    Clicks of a pair {k, k'} are shown_k p_k r and shown_k' p_k' r. Taken as Poisson counts
    (Agarwal et al. take Bernoulli ones, of the same mean), given their total the relevance r of
    the pair falls out and what is left is a logistic regression in log p_k - log p_k': convex,
    where the full likelihood has to be bounded and started well.
    """
    total = found.clicks + found.clicks.T
    both = (found.shown > 0) & (found.shown.T > 0)
    share = np.log(np.where(both, found.shown, 1.0))
    offset = share - share.T
    level = np.zeros(len(total))
    for _ in range(steps):
        odds = np.clip(level[:, None] - level[None, :] + offset, -50, 50)
        expected = 1 / (1 + np.exp(-odds))
        slope = np.where(both, found.clicks - total * expected, 0.0).sum(axis=1)
        bend = np.where(both, total * expected * (1 - expected), 0.0)
        curvature = np.diag(bend.sum(axis=1)) - bend
        # A resample can cut a position off: it then stays where it is.
        inner = curvature[1:, 1:] + 1e-9 * np.eye(len(total) - 1) * max(bend.max(), 1.0)
        step = np.clip(np.linalg.solve(inner, slope[1:]), -2, 2)
        level[1:] += step
        if np.abs(step).max() < tolerance:
            break
    return np.exp(level)


METHODS: dict[str, Callable[[Interventions], Doubles]] = {
    "pairs": _pairs,
    "chain": _chain,
    "pivot": _pivot,
}
_AGAINST = {
    "pairs": "a position that leads to the top",
    "chain": "the position above it",
    "pivot": "the top",
}
