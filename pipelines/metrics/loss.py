"""LogLoss, NE, RIG and Brier: losses of predicted probabilities."""

import math
from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipelines.metrics.metric import AdditiveMetric, ratio
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.terms import Terms

# One rounding step off 0 and 1, as scikit-learn clips, so that a certain miss costs 36 nats.
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class LogLoss(AdditiveMetric):
    """Mean negative log likelihood, in nats, of labels 0 or 1.

    -sum_i w_i [y_i ln p_i + (1 - y_i) ln(1 - p_i)] / sum_i w_i, p clipped to [2^-52, 1 - 2^-52].
    """

    symbol: ClassVar[str] = "LogLoss"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, math.inf)

    def terms(self, data: Predictions) -> Terms:
        """(rows, 2): w l and w; DataError for labels other than 0 and 1 and scores outside
        [0, 1]."""
        return data.weighted(_losses(str(self), data))

    def of_sums(self, sums: Floats) -> Floats:
        """The mean loss."""
        return ratio(sums[..., 0], sums[..., 1])

    def refusal(self, units: int) -> str:
        """No row has a weight."""
        return _no_weight(str(self), units)


@dataclass(frozen=True)
class _OfEntropy(AdditiveMetric, ABC):
    """A measure of the log loss over the entropy of the base rate."""

    of_probabilities: ClassVar[bool] = True

    def terms(self, data: Predictions) -> Terms:
        """(rows, 3): w l, w y and w; DataError as LogLoss."""
        return data.weighted(_losses(str(self), data), data.labels)

    def _normalised(self, sums: Floats) -> Floats:
        """Loss over entropy (...) of sums (..., 3); NaN for labels of one class."""
        loss, rate = (ratio(sums[..., i], sums[..., 2]) for i in range(2))
        mixed = (rate > 0) & (rate < 1)
        rate = np.where(mixed, rate, 0.5)
        entropy = -(rate * np.log(rate) + (1 - rate) * np.log1p(-rate))
        return np.where(mixed, loss / entropy, np.nan)

    def refusal(self, units: int) -> str:
        """The labels are of one class."""
        return (
            f"{self} needs rows of both classes; all {units} labels of positive weight are of one, "
            "so the base rate has no entropy; evaluate on more rows"
        )


@dataclass(frozen=True)
class NE(_OfEntropy):
    """Normalised entropy: log loss over the entropy of the base rate, 1 for a constant guess.

    NE = LogLoss / -[b ln b + (1 - b) ln(1 - b)], b = sum_i w_i y_i / sum_i w_i.
    He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", ADKDD 2014.
    """

    symbol: ClassVar[str] = "NE"
    higher_is_better: ClassVar[bool | None] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, math.inf)

    def of_sums(self, sums: Floats) -> Floats:
        """The ratio; NaN for labels of one class."""
        return self._normalised(sums)


@dataclass(frozen=True)
class RIG(_OfEntropy):
    """Relative information gain over the base rate: RIG = 1 - NE.

    Graepel et al., "Web-Scale Bayesian Click-Through Rate Prediction ...", ICML 2010.
    """

    symbol: ClassVar[str] = "RIG"
    higher_is_better: ClassVar[bool | None] = True

    def of_sums(self, sums: Floats) -> Floats:
        """The gain; NaN for labels of one class."""
        return 1.0 - self._normalised(sums)


@dataclass(frozen=True)
class Brier(AdditiveMetric):
    """Mean squared error of probabilities: sum_i w_i (p_i - y_i)^2 / sum_i w_i.

    Brier, "Verification of Forecasts Expressed in Terms of Probability", 1950.
    """

    symbol: ClassVar[str] = "Brier"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def terms(self, data: Predictions) -> Terms:
        """(rows, 2): w (p - y)^2 and w; DataError for labels other than 0 and 1 and scores outside
        [0, 1]."""
        data.require_binary(str(self))
        data.require_probabilities(str(self))
        return data.weighted((data.scores - data.labels) ** 2)

    def of_sums(self, sums: Floats) -> Floats:
        """The mean error."""
        return ratio(sums[..., 0], sums[..., 1])

    def refusal(self, units: int) -> str:
        """No row has a weight."""
        return _no_weight(str(self), units)


def _losses(who: str, data: Predictions) -> Floats:
    data.require_binary(who)
    data.require_probabilities(who)
    given = np.where(data.labels == 1, data.scores, 1.0 - data.scores)
    loss: Floats = -np.log(np.clip(given, EPSILON, 1.0 - EPSILON))
    return loss


def _no_weight(who: str, rows: int) -> str:
    return f"{who} needs a row of positive weight; all {rows} rows weigh 0"
