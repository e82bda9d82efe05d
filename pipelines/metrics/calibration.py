"""PCOC and ECE: whether predicted probabilities add up to what was observed."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipelines.metrics.metric import AdditiveMetric, Metric, ratio, require_integer
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.terms import Terms


@dataclass(frozen=True)
class PCOC(AdditiveMetric):
    """Predicted click-through over observed: sum_i w_i p_i / sum_i w_i y_i, best at 1."""

    symbol: ClassVar[str] = "PCOC"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = None

    def terms(self, data: Predictions) -> Terms:
        """(rows, 3): w p, w y and w; DataError for labels other than 0 and 1 and bad scores."""
        data.require_binary(str(self))
        data.require_probabilities(str(self))
        return data.weighted(data.scores, data.labels)

    def of_sums(self, sums: Floats) -> Floats:
        """The ratio; NaN without positives."""
        return ratio(sums[..., 0], sums[..., 1])

    def refusal(self, terms: Terms) -> str:
        """There are no positives."""
        return (
            f"{self} needs a label of 1 with positive weight; got none in {len(terms.values)} "
            "rows; evaluate on more rows"
        )


@dataclass(frozen=True)
class ECE(Metric):
    """Expected calibration error over bins of equal mass, in score order.

    sum_b |sum_{i in b} w_i (p_i - y_i)| / sum_i w_i. Rows of one score share a bin, the one that
    holds the middle of their mass, so neither row order nor repeated rows matter.
    Naeini et al., AAAI 2015; equal mass as Nixon et al., "Measuring Calibration ...", 2019.
    """

    bins: int

    symbol: ClassVar[str] = "ECE"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = False

    def __post_init__(self) -> None:
        require_integer(ECE, "bins", self.bins)

    def compute(self, data: Predictions) -> float:
        """The error; DataError for labels other than 0 and 1 and scores outside [0, 1]."""
        data.require_binary(str(self))
        data.require_probabilities(str(self))
        ranked = data.ranked()
        weights = np.ones_like(ranked.scores) if ranked.weights is None else ranked.weights
        mass = ranked.tie_sums(weights)  # (ties,), scores from high to low
        total = mass.sum()
        middle = total - ranked.sums_above(mass) - mass / 2  # from the lowest score up
        bins = (self.bins * middle / total).astype(np.intp)
        gaps = ranked.tie_sums(weights * (ranked.scores - ranked.labels))
        return float(np.abs(np.bincount(bins, weights=gaps)).sum() / total)
