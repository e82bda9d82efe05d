"""AUC as a function of sums: the placement values of DeLong and their covariance by cluster."""

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
