"""Examination and relevance, each estimated as if the other were known."""

from __future__ import annotations

import numpy as np

from features.sigmoid import sigmoid
from ranking.propensity.estimate import Estimate
from ranking.propensity.propensity import Propensity
from ranking.propensity.relevance import Linear, Relevance
from ranking.propensity.shown_clicks import Array, Doubles, ShownClicks

_LARGEST = 1 - 1e-6  # of a click's probability
_STILL = 1e-4  # of the logarithm of examination, from one step to the next


def regression_em(
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
    """The likeliest theta_k of P(click) = theta_k sigmoid(f(x)), f linear or of trees.

    features: (rows, columns), which must not tell the position by themselves. The fixed points
    are those of Wang et al., "Position Bias Estimation for Unbiased Learning to Rank in
    Personal Search", WSDM 2018: the gradient of f is P(relevant | click) - sigmoid(f), from
    their E-step (Fisher's identity). Where their M-step weighs it by what would be known were
    relevance seen, this weighs it by what clicks tell (Fisher scoring), in tens of steps for
    thousands. theta_0 is 1: clicks alone do not tell its level from that of relevance. Each draw
    learns anew.

    Raises DataError: a damaged log, or features that cannot be read.
    """
    log = ShownClicks.of(sizes, position, click, depth, cluster)
    known = log.rows(features, "features")
    how = relevance or Linear()

    def curve(weight: Doubles) -> Doubles:
        return _fit(log, how, known, weight)

    assumes = (
        "Relevance is a function of the features, of the form that was learned, and the "
        "features do not decide the position; a click needs that the position was examined and, "
        "independently, that the row was relevant."
    )
    estimate = Estimate("regression_em", assumes, how.model_dump(), log, curve, (known,))
    return estimate.propensity(draws, seed)


def _fit(log: ShownClicks, how: Relevance, features: Array, weight: Doubles) -> Doubles:
    rate = log.summed(weight * log.click) / np.maximum(log.summed(weight), 1e-12)
    theta: Doubles = np.maximum(rate / rate[0], 1e-6)
    level = float(np.clip(np.log(rate[0] / (1 - min(rate[0], 0.99))), -10, 5))
    learner = how.start(features, level)
    gamma = sigmoid(np.full(len(log.position), level))
    for _ in range(how.rounds):
        click = np.minimum(theta[log.position] * gamma, _LARGEST)
        share = (1 - gamma) / (1 - click)
        hessian = weight * click * (1 - gamma) * share
        gamma = sigmoid(learner.step(weight * (click - log.click) * share, hessian))
        # Scoring steps for theta are products: (click / theta) over its variance.
        click = np.minimum(theta[log.position] * gamma, _LARGEST)
        free = weight / (1 - click)
        step = log.summed(free * log.click) / np.maximum(log.summed(free * click), 1e-12)
        step = np.clip(step, 0.1, 10)
        step[0] = 1
        theta = np.maximum(theta * step, 1e-12)
        if np.abs(np.log(step)).max() < _STILL:
            break
    return theta
