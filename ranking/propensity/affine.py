"""Trust bias, from clicks on rows whose relevance is known."""

from __future__ import annotations

import numpy as np

from features.errors import DataError
from ranking.propensity.estimate import Estimate, ratio
from ranking.propensity.propensity import Propensity
from ranking.propensity.shown_clicks import Array, Doubles, ShownClicks
from ranking.propensity.trust_bias import TrustBias


def affine(
    sizes: Array,
    position: Array,
    click: Array,
    *,
    relevance: Array,
    depth: int | None = None,
    cluster: Array | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Propensity:
    """At each position the line of clicks over relevance: P(click) = alpha_k relevance + beta_k.

    relevance: (rows,) in 0..1, judged beforehand: a grade mapped to the probability that a user
    finds the row relevant. Clicks alone do not tell alpha from beta. Least squares by position;
    `trust` holds the lines, and examination is alpha_k / alpha_0, how much of relevance shows
    through. Vardasbi et al., CIKM 2020.

    Raises DataError: a damaged log, relevance outside 0..1 or without differences at a position,
        or clicks that do not rise with it.
    """
    log = ShownClicks.of(sizes, position, click, depth, cluster)
    known = log.rows(relevance, "relevance").astype(np.float64)
    if not ((known >= 0) & (known <= 1)).all():
        raise DataError(
            "Relevance must be a probability from 0 to 1; it runs from "
            f"{known.min():g} to {known.max():g}. Map grades to probabilities first."
        )

    def curve(weight: Doubles) -> Doubles:
        slopes = _lines(log, known, weight)[0]
        return ratio(slopes, np.full(log.depth, slopes[0]))

    alpha, beta = _lines(log, known, np.ones(len(known)))
    _check(alpha)
    assumes = (
        "The relevance that was handed in is the probability that users find a row relevant, "
        "and nothing else about a row changes its clicks at a position."
    )
    trust = TrustBias(alpha=tuple(alpha.tolist()), beta=tuple(beta.tolist()))
    return Estimate("affine", assumes, {}, log, curve, (known,)).propensity(draws, seed, trust)


def _lines(log: ShownClicks, relevance: Doubles, weight: Doubles) -> tuple[Doubles, Doubles]:
    """alpha and beta, each (depth,); NaN where relevance is the same throughout."""
    rows = np.maximum(log.summed(weight), 1e-12)
    mean, rate = log.summed(weight * relevance) / rows, log.summed(weight * log.click) / rows
    away = relevance - mean[log.position]
    spread = log.summed(weight * away**2)
    together = log.summed(weight * away * log.click)
    alpha = np.divide(together, spread, out=np.full(log.depth, np.nan), where=spread > 1e-9 * rows)
    return alpha, rate - alpha * mean


def _check(alpha: Doubles) -> None:
    flat = np.flatnonzero(~(alpha > 0))
    if len(flat):
        k = int(flat[0])
        what = "differ" if np.isnan(alpha[k]) else "raise clicks"
        raise DataError(
            f"Relevance must {what} at every position to tell trust from examination; at "
            f"position {k} (from 0) it does not. Use more data"
            + (f", or depth = {k}." if k > 1 else ".")
        )
