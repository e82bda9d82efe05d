"""LogLoss, NE, RIG and Brier: losses of predicted probabilities."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.errors import DataError
from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import Predictions

# One rounding step off 0 and 1, as scikit-learn clips, so that a certain miss costs 36 nats.
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class LogLoss(Metric):
    """Mean negative log likelihood, in nats, of labels 0 or 1.

    -sum_i w_i [y_i ln p_i + (1 - y_i) ln(1 - p_i)] / sum_i w_i, p clipped to [2^-52, 1 - 2^-52].
    """

    symbol: ClassVar[str] = "LogLoss"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, data: Predictions) -> float:
        """The loss; DataError for labels other than 0 and 1 and scores outside [0, 1]."""
        return _cross_entropy(str(self), data)


@dataclass(frozen=True)
class NE(Metric):
    """Normalised entropy: log loss over the entropy of the base rate, 1 for a constant guess.

    NE = LogLoss / -[b ln b + (1 - b) ln(1 - b)], b = sum_i w_i y_i / sum_i w_i.
    He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", ADKDD 2014.
    """

    symbol: ClassVar[str] = "NE"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, data: Predictions) -> float:
        """The ratio; DataError as LogLoss, and for labels of one class."""
        return _normalised_entropy(str(self), data)


@dataclass(frozen=True)
class RIG(Metric):
    """Relative information gain over the base rate: RIG = 1 - NE.

    Graepel et al., "Web-Scale Bayesian Click-Through Rate Prediction ...", ICML 2010.
    """

    symbol: ClassVar[str] = "RIG"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = True

    def compute(self, data: Predictions) -> float:
        """The gain; DataError as NE."""
        return 1.0 - _normalised_entropy(str(self), data)


@dataclass(frozen=True)
class Brier(Metric):
    """Mean squared error of probabilities: sum_i w_i (p_i - y_i)^2 / sum_i w_i.

    Brier, "Verification of Forecasts Expressed in Terms of Probability", 1950.
    """

    symbol: ClassVar[str] = "Brier"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = False

    def compute(self, data: Predictions) -> float:
        """The error; DataError for labels other than 0 and 1 and scores outside [0, 1]."""
        data.require_binary(str(self))
        data.require_probabilities(str(self))
        return float(np.average((data.scores - data.labels) ** 2, weights=data.weights))


def _cross_entropy(who: str, data: Predictions) -> float:
    data.require_binary(who)
    data.require_probabilities(who)
    given = np.where(data.labels == 1, data.scores, 1.0 - data.scores)
    loss = -np.log(np.clip(given, EPSILON, 1.0 - EPSILON))
    return float(np.average(loss, weights=data.weights))


def _normalised_entropy(who: str, data: Predictions) -> float:
    loss = _cross_entropy(who, data)
    rate = float(np.average(data.labels, weights=data.weights))
    if not 0 < rate < 1:
        raise DataError(
            f"{who} needs rows of both classes; all {data.labels.size} labels of positive weight "
            f"are {rate:g}, so the base rate has no entropy; evaluate on more rows"
        )
    entropy = -(rate * np.log(rate) + (1 - rate) * np.log1p(-rate))
    return float(loss / entropy)
