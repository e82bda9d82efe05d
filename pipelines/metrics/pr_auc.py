"""PRAUC: the area under the precision-recall curve, as average precision."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.score_metric import ScoreMetric
from pipelines.metrics.score_order import ScoreOrder, Totals


@dataclass(frozen=True)
class PRAUC(ScoreMetric):
    """Average precision, exact: the precision at each distinct score, by the recall it adds.

    sum_s (P_s / P) (P_{>=s} / W_{>=s}), of weights P of positives and W of all rows. Rows of one
    score come in together; nothing is interpolated, as in scikit-learn. The base rate for a
    constant score.
    """

    symbol: ClassVar[str] = "PRAUC"
    higher_is_better: ClassVar[bool | None] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def stretch(self, order: ScoreOrder) -> Floats:
        """(1,) precision by positives added."""
        seen = order.mass_down > 0
        precision = np.divide(
            order.positives_down, order.mass_down, out=np.zeros_like(order.mass), where=seen
        )
        return np.array([np.sum(order.positives * precision)])

    def of_stretches(self, joined: Floats, total: Totals) -> float:
        """The average; NaN without positives."""
        return float(joined[0] / total.positives) if total.positives > 0 else np.nan

    def refusal(self, total: Totals) -> str:
        """There are no positives."""
        return total.without_positives(str(self))
