"""Trust bias, from clicks on items that were shown in random order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from features.errors import DataError
from ranking.propensity.estimate import Estimate
from ranking.propensity.propensity import Propensity
from ranking.propensity.shown_clicks import Array, Doubles, ShownClicks
from ranking.propensity.trust_bias import TrustBias


def trust(
    sizes: Array,
    position: Array,
    click: Array,
    *,
    item: Array,
    depth: int | None = None,
    cluster: Array | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Propensity:
    """P(click at k) = alpha_k P(click at the top) + beta_k over items, of lists shuffled uniformly.

    item: integers or text (rows,), a query and its document, most of them shown more than once.
    Clicks at j and at k on different impressions of an item have the covariance alpha_j alpha_k
    times the variance of relevance, which a line over click rates, being noisy themselves, would
    understate; alpha is the leading factor of these (factor analysis, Spearman 1904), each entry
    weighed by its noise. Clicks tell the lines of Vardasbi et al. (CIKM 2020) no further than to
    the top's: relevance is counted in clicks there, alpha_0 being 1 and beta_0 being 0, which
    orders rows as relevance itself does.

    Raises DataError: a damaged log, items that do not return, or clicks that do not vary by item.
    """
    log = ShownClicks.of(sizes, position, click, depth, cluster)
    whole = np.repeat(log.sizes == log.depth, log.sizes)
    items = np.unique(log.rows(item, "item"), return_inverse=True)[1]
    times = np.bincount(items[whole], minlength=int(items.max()) + 1)
    rows = np.flatnonzero(whole & (times[items] > 1))
    if not len(rows):
        raise DataError(
            f"Trust is told by items that return, in lists that show all {log.depth} positions; "
            "there are none. Log more shuffled lists, or use a smaller depth."
        )
    moments = _Moments(log, rows, items[rows], 1 / (times[items[rows]] - 1.0))

    def curve(weight: Doubles) -> Doubles:
        return moments.lines(weight)[0]

    alpha, beta = moments.lines(np.ones(len(log.position)))
    if not (alpha > 0).all():
        raise DataError(
            "Items must differ in how often they are clicked, at every position, to tell trust "
            f"from examination; at position {int(np.argmin(alpha > 0))} (from 0) it cannot be seen "
            "that they do. Log more shuffled lists, or use a smaller depth."
        )
    assumes = (
        "Each list was shuffled uniformly; an item is as relevant whenever and to whomever it is "
        "shown; clicks at a position rise with relevance along a line. Lines are relative to the "
        "top's, which is as far as clicks tell them."
    )
    known = TrustBias(alpha=tuple(alpha.tolist()), beta=tuple(beta.tolist()))
    return Estimate("trust", assumes, {}, log, curve, (items,)).propensity(draws, seed, known)


class _Moments:
    """Means, and products over different impressions of an item, of its clicks by position."""

    def __init__(
        self, log: ShownClicks, rows: npt.NDArray[np.int64], item: Array, share: Doubles
    ) -> None:
        """share: (rows,), so that an item counts as often as it was shown."""
        self._log, self._rows = log, rows
        self._item = np.unique(item, return_inverse=True)[1]
        self._position, self._click = log.position[rows], log.click[rows]
        self._share = share

    def lines(self, weight: Doubles) -> tuple[Doubles, Doubles]:
        """alpha and beta relative to the top, each (depth,); alpha is NaN where nothing varies."""
        drawn = weight[self._rows]
        mean = self._summed(drawn * self._click) / np.maximum(self._summed(drawn), 1e-12)
        pairs = self._products(drawn)
        spread = self._products(drawn * self._click) / np.maximum(pairs, 1e-12)
        covariance = spread - np.outer(mean, mean)
        noise = np.sqrt(np.maximum(mean, 1e-12))
        largest, factors = np.linalg.eigh(covariance / np.outer(noise, noise))
        found = factors[:, -1] * noise
        if largest[-1] <= 0 or found[0] == 0:
            return np.full(len(mean), np.nan), mean
        alpha = found / found[0]
        return alpha, mean - alpha * mean[0]

    def _products(self, values: Doubles) -> Doubles:
        """(depth, depth) of an item at one position and another, no impression with itself."""
        shape = (int(self._item.max()) + 1, self._log.depth)
        one = csr_array((values, (self._item, self._position)), shape=shape)
        other = csr_array((values * self._share, (self._item, self._position)), shape=shape)
        found: Doubles = np.asarray((one.T @ other).todense(), np.float64)
        return found - np.diag(self._summed(values**2 * self._share))

    def _summed(self, values: Doubles) -> Doubles:
        return np.bincount(self._position, values, self._log.depth).astype(np.float64)
