"""ScoreMetric: a measure of the order of all scores, which adds up over stretches of it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.errors import DataError
from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.score_order import ScoreOrder, Totals


@dataclass(frozen=True)
class ScoreMetric(Metric, ABC):
    """A measure of labels 0 and 1 by distinct score, from high to low; rows of one score are one.

    Each stretch of the order gives an array, these are joined, and the measure is of the whole.
    So a log beyond memory is measured range by range of its scores.
    """

    join: ClassVar[np.ufunc] = np.add

    @abstractmethod
    def stretch(self, order: ScoreOrder) -> Floats:
        """(k,) what these scores contribute, finite where the measure is defined."""

    @abstractmethod
    def of_stretches(self, joined: Floats, total: Totals) -> float:
        """The measure of what all stretches (k,) contributed; NaN where it is not defined."""

    @abstractmethod
    def refusal(self, total: Totals) -> str:
        """Why the measure is not defined for these totals."""

    def check(self, data: Predictions) -> None:
        """Raise DataError for labels other than 0 and 1, and for scores that are not as needed."""
        data.require_binary(str(self))
        if self.of_probabilities:
            data.require_probabilities(str(self))

    def compute(self, data: Predictions) -> float:
        """The measure over all rows; DataError where it is not defined for them."""
        self.check(data)
        return self.of(self.stretch(data.score_order), data.score_order.total)

    def of(self, joined: Floats, total: Totals) -> float:
        """The measure of what all stretches (k,) contributed; DataError where not defined."""
        value = self.of_stretches(joined, total)
        if np.isnan(value):
            raise DataError(self.refusal(total))
        return value
