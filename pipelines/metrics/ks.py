"""KS: how far apart the scores of positives and of negatives lie."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.score_metric import ScoreMetric
from pipelines.metrics.score_order import ScoreOrder, Totals


@dataclass(frozen=True)
class KS(ScoreMetric):
    """Kolmogorov-Smirnov statistic of two samples: max_s |P_{>=s} / P - N_{>=s} / N|.

    The largest gap, on either side, between the shares of positives and of negatives that score
    at least s; the greatest height of the ROC curve over its diagonal.
    """

    symbol: ClassVar[str] = "KS"
    higher_is_better: ClassVar[bool | None] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    join: ClassVar[np.ufunc] = np.maximum

    def stretch(self, order: ScoreOrder) -> Floats:
        """(1,) the largest gap; 0 where a class is missing."""
        total = order.total
        if not total.mixed:
            return np.zeros(1)
        gaps = order.positives_down / total.positives - order.negatives_down / total.negatives
        return np.array([np.abs(gaps).max(initial=0.0)])

    def of_stretches(self, joined: Floats, total: Totals) -> float:
        """The gap; NaN for labels of one class."""
        return float(joined[0]) if total.mixed else np.nan

    def refusal(self, total: Totals) -> str:
        """The labels are of one class."""
        return total.of_one_class(str(self))
