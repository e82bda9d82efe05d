"""AUC and PR-AUC to first order, as functions of sums over rows."""

from __future__ import annotations

import numpy as np

from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats


def placement_terms(data: Predictions) -> Floats:
    """(rows, 4): w V and w of each positive, then of each negative, 0 elsewhere.

    V of a positive is the share of the negatives' weight that it outscores, ties one half; that of
    a negative the share of the positives' weight that outscores it. AUC is the mean of either.
    DeLong et al., Biometrics 44, 1988. Labels must be 0 and 1, of both classes.
    """
    ranked = data.ranked()
    weights = np.ones_like(ranked.labels) if ranked.weights is None else ranked.weights
    positive = weights * ranked.labels
    negative = weights - positive
    above, below = ranked.tie_sums(positive), ranked.tie_sums(negative)
    outscored = below.sum() - ranked.sums_above(below) - below / 2  # by a positive of the tie
    outscoring = ranked.sums_above(above) + above / 2
    terms = np.empty((len(positive), 4))
    terms[ranked.order] = np.stack(
        [
            positive * ranked.spread(outscored / below.sum()),
            positive,
            negative * ranked.spread(outscoring / above.sum()),
            negative,
        ],
        axis=1,
    )
    return terms


def precision_terms(data: Predictions, area: float) -> Floats:
    """(rows, 2): the area plus a row's influence on it, and 1, so that PR-AUC is their ratio.

    The derivative of sum_t P_t p_t / P by a row's weight, p_t the precision down to the score t:
    (p_t - area) / P of a positive, and of every row sum over t at and below it of
    P_t (y - p_t) / (n_t P), n_t the weight down to t. Labels must be 0 and 1, with a 1.
    """
    order, ranked = data.score_order, data.ranked()
    seen = np.where(order.mass_down > 0, order.mass_down, 1.0)
    precision, rate = order.positives_down / seen, order.positives / seen
    lifted, lowered = (np.cumsum(one[::-1])[::-1] for one in (rate, rate * precision))
    places = ranked.spread(lifted), ranked.spread(lowered), ranked.spread(precision)
    influence = ranked.labels * (places[2] - area + places[0]) - places[1]
    if ranked.weights is not None:
        influence = influence * ranked.weights
    terms = np.ones((len(influence), 2))
    terms[ranked.order, 0] = area + influence * len(influence) / order.total.positives
    return terms
