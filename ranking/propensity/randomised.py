"""Examination from lists that were shown in random order."""

from __future__ import annotations

import numpy as np

from features.errors import DataError
from ranking.propensity.estimate import Estimate, ratio
from ranking.propensity.propensity import Propensity
from ranking.propensity.shown_clicks import Array, Doubles, ShownClicks
from ranking.propensity.sums import sums

_FOLLOWS = 5.0  # standard errors: less than one random log in a million


def randomised(
    sizes: Array,
    position: Array,
    click: Array,
    *,
    score: Array | None = None,
    depth: int | None = None,
    cluster: Array | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Propensity:
    """Clicks at each position over clicks at the top, among the queries that show both.

    Those are the same queries, so lists of different lengths do no harm. `score`, (rows,), is
    anything that the order must not have followed, such as the production ranker's score.

    Raises DataError: a damaged log, or an order that follows `score`.
    """
    log = ShownClicks.of(sizes, position, click, depth, cluster)
    if score is not None:
        _check_random(log, log.rows(score, "score").astype(np.float64))
    top = log.position == 0
    has_top = np.bincount(log.query[top], minlength=len(log.sizes)) > 0
    clicked = sums(log.query, log.click * top, len(log.sizes))
    own, first = log.click * has_top[log.query], clicked[log.query]

    def curve(weight: Doubles) -> Doubles:
        return ratio(log.summed(weight * own), log.summed(weight * first))

    assumes = (
        "Each list was shuffled uniformly before it was shown; a click needs that the position "
        "was examined and, independently, that the row was relevant."
    )
    estimate = Estimate("randomised", assumes, {}, log, curve)
    _check_pairs(curve(np.ones(len(log.position))))
    return estimate.propensity(draws, seed)


def _check_pairs(found: Doubles) -> None:
    if not (found > 0).all():
        lost = int(np.flatnonzero(~(found > 0))[0])
        raise DataError(
            f"Queries that show position {lost} (from 0) must also show the top, with clicks at "
            f"both; none do. Use more data, or depth = {lost}."
        )


def _check_random(log: ShownClicks, score: Doubles) -> None:
    """By the exact variance of the sum over queries of the covariance of order and score."""
    if not np.isfinite(score).all():
        raise DataError(
            "`score` must be finite; it holds missing or infinite values. Fill them, or hand in "
            "another score."
        )
    query, queries = log.query, len(log.sizes)
    size = np.maximum(log.sizes, 1)

    def centred(values: Doubles) -> Doubles:
        mean = sums(query, values, queries) / size
        return values - mean[query]

    place, height = centred(log.position.astype(np.float64)), centred(score)
    variance = (
        sums(query, place**2, queries)
        * sums(query, height**2, queries)
        / np.maximum(log.sizes - 1, 1)
    )
    spread = float(np.sqrt(variance.sum()))
    away = float((place * height).sum()) / spread if spread > 0 else 0.0
    if not abs(away) < _FOLLOWS:
        raise DataError(
            "Randomised traffic must be shown in an order that follows nothing; this order "
            f"follows `score`, by {abs(away):.0f} standard errors. Keep the shuffled queries "
            "alone, or harvest interventions."
        )
