"""PCOC and ECE: whether predicted probabilities add up to what was observed."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipelines.metrics.metric import AdditiveMetric, ratio, require_integer
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.score_metric import ScoreMetric
from pipelines.metrics.score_order import ScoreOrder, Totals
from pipelines.metrics.terms import Terms


@dataclass(frozen=True)
class PCOC(AdditiveMetric):
    """Predicted click-through over observed: sum_i w_i p_i / sum_i w_i y_i, best at 1."""

    symbol: ClassVar[str] = "PCOC"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = None
    bounds: ClassVar[tuple[float, float]] = (0.0, math.inf)

    def terms(self, data: Predictions) -> Terms:
        """(rows, 3): w p, w y and w; DataError for labels other than 0 and 1 and bad scores."""
        data.require_binary(str(self))
        data.require_probabilities(str(self))
        return data.weighted(data.scores, data.labels)

    def of_sums(self, sums: Floats) -> Floats:
        """The ratio; NaN without positives."""
        return ratio(sums[..., 0], sums[..., 1])

    def refusal(self, units: int) -> str:
        """There are no positives."""
        return (
            f"{self} needs a label of 1 with positive weight; got none in {units} "
            "rows; evaluate on more rows"
        )


@dataclass(frozen=True)
class ECE(ScoreMetric):
    """Expected calibration error over bins of equal mass, in score order.

    sum_b |sum_{i in b} w_i (p_i - y_i)| / sum_i w_i. Rows of one score share a bin, the one that
    holds the middle of their mass, so neither row order nor repeated rows matter. It is also the
    mean absolute error of the click-through rate of the bins; by a column, that is CTRMAE.
    Naeini et al., AAAI 2015; equal mass as Nixon et al., "Measuring Calibration ...", 2019.
    """

    bins: int

    symbol: ClassVar[str] = "ECE"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def __post_init__(self) -> None:
        require_integer(ECE, "bins", self.bins)

    def stretch(self, order: ScoreOrder) -> Floats:
        """(bins,) expected less observed positives of the bins, from the lowest scores up."""
        middle = order.total.mass - order.mass_down + order.mass / 2
        bins = (self.bins * middle / order.total.mass).astype(np.intp).clip(0, self.bins - 1)
        gaps = order.mass * order.scores - order.positives
        return np.asarray(np.bincount(bins, gaps, self.bins), dtype=np.float64)

    def of_stretches(self, joined: Floats, total: Totals) -> float:
        """The error."""
        return float(np.abs(joined).sum() / total.mass)

    def refusal(self, total: Totals) -> str:
        """No row has a weight."""
        return f"{self} needs a row of positive weight; all {total.rows} rows weigh 0"
