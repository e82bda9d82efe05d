"""Examination and ranking as dual problems: each debiases the other's loss."""

from __future__ import annotations

import numpy as np

from ranking.propensity.estimate import Estimate
from ranking.propensity.propensity import Propensity
from ranking.propensity.relevance import Linear, Relevance
from ranking.propensity.shown_clicks import Array, Doubles, ShownClicks
from ranking.propensity.sums import sums

_STILL = 1e-4  # of the logarithm of examination, from one step to the next


def dual(
    sizes: Array,
    position: Array,
    click: Array,
    *,
    features: Array,
    relevance: Relevance | None = None,
    depth: int | None = None,
    cluster: Array | None = None,
    draws: int = 20,
    seed: int = 0,
) -> Propensity:
    """The dual learning algorithm: softmax losses over a list for ranking and for examination.

    features: (rows, columns). Clicks over examination, theta_0 / theta_k, teach the ranking f;
    clicks over relevance, exp(f_least - f_x), teach theta. Ai et al., "Unbiased Learning to Rank
    with Unbiased Propensity Estimation", SIGIR 2018, f being linear or of trees and theta a
    number for each position. Their weights are relative to the row at the top; relative to the
    least relevant row of the list they mean the same and never exceed 1. Each draw learns anew.

    Raises DataError: a damaged log, or features that cannot be read.
    """
    log = ShownClicks.of(sizes, position, click, depth, cluster)
    known = log.rows(features, "features")
    how = relevance or Linear()

    def curve(weight: Doubles) -> Doubles:
        return _fit(log, how, known, weight)

    assumes = (
        "Relevance within a list goes with the exponential of a function of the features, of the "
        "form that was learned, and the features do not decide the position; a click needs that "
        "the position was examined and, independently, that the row was relevant."
    )
    estimate = Estimate("dual", assumes, how.model_dump(), log, curve, (known,))
    return estimate.propensity(draws, seed)


class _Lists:
    """Sums and softmaxes within each list."""

    def __init__(self, log: ShownClicks) -> None:
        self._query = log.query
        self._queries = len(log.sizes)
        self._starts = (np.cumsum(log.sizes) - log.sizes)[log.sizes > 0]
        self._lengths = log.sizes[log.sizes > 0]

    def sums(self, values: Doubles) -> Doubles:
        """The list's sum, at each row."""
        found: Doubles = sums(self._query, values, self._queries)[self._query]
        return found

    def lowest(self, values: Doubles) -> Doubles:
        """The list's lowest value, at each row."""
        return np.repeat(np.minimum.reduceat(values, self._starts), self._lengths)

    def softmax(self, scores: Doubles) -> Doubles:
        highest = np.repeat(np.maximum.reduceat(scores, self._starts), self._lengths)
        exp = np.exp(scores - highest)
        share: Doubles = exp / self.sums(exp)
        return share


def _fit(log: ShownClicks, how: Relevance, features: Array, weight: Doubles) -> Doubles:
    lists = _Lists(log)
    clicked = weight * log.click
    rate = log.summed(clicked) / np.maximum(log.summed(weight), 1e-12)
    theta: Doubles = np.maximum(rate / rate[0], 1e-6)
    # What one half of the queries taught tells the relevance of the other: a ranking that has
    # learned its own clicks by heart finds them relevant, and the positions they had unseen.
    even = log.query % 2 == 0
    halves = (clicked * even, clicked * ~even)
    learners = (how.start(features, 0.0), how.start(features, 0.0))
    scores = np.zeros((2, len(even)))
    for _ in range(how.rounds):
        for half, (taught, learner) in enumerate(zip(halves, learners, strict=True)):
            relevant = taught / theta[log.position]
            expected = lists.sums(relevant) * lists.softmax(scores[half])
            # A bound of the curvature, whose steps cannot overshoot.
            scores[half] = learner.step(expected - relevant, expected)
        unseen = np.where(even, scores[1], scores[0])
        examined = clicked * np.exp(lists.lowest(unseen) - unseen)
        # The softmax over positions, at its optimum given the rest, by iterative scaling.
        expected = lists.sums(examined) * lists.softmax(np.log(theta)[log.position])
        step = log.summed(examined) / np.maximum(log.summed(expected), 1e-300)
        step = np.clip(step / step[0], 0.1, 10)
        theta = np.maximum(theta * step, 1e-12)
        if np.abs(np.log(step)).max() < _STILL:
            break
    return theta
