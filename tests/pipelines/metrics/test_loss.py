"""LogLoss, NE, RIG and Brier against scikit-learn and hand-worked numbers."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from features.errors import DataError
from pipelines.metrics.loss import NE, RIG, Brier, LogLoss
from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import Predictions

LN2 = np.log(2)


@pytest.mark.parametrize("weighted", [False, True])
def test_losses_are_scikit_learns(weighted: bool) -> None:
    random = np.random.default_rng(0)
    labels, scores = random.integers(0, 2, 2000), random.random(2000)
    scores[:6] = [0, 1, 0, 1, 1e-300, 1e-18]  # certain, right and wrong
    labels[:6] = [0, 0, 1, 1, 1, 0]
    weights = random.random(2000) if weighted else None
    data = Predictions(labels, scores, weights)
    expected = log_loss(labels, scores, sample_weight=weights)
    assert LogLoss().compute(data) == pytest.approx(expected, rel=1e-13)
    expected = brier_score_loss(labels, scores, sample_weight=weights)
    assert Brier().compute(data) == pytest.approx(expected, rel=1e-13)


def test_by_hand() -> None:
    data = Predictions([1, 0, 0, 1], [0.5, 0.5, 0.75, 0.25])
    loss = (LN2 + LN2 + 2 * LN2 + 2 * LN2) / 4
    assert LogLoss().compute(data) == pytest.approx(loss, rel=1e-14)
    assert NE().compute(data) == pytest.approx(1.5, rel=1e-14)  # the base rate's entropy is ln 2
    assert RIG().compute(data) == pytest.approx(-0.5, rel=1e-14)
    assert Brier().compute(data) == (0.25 + 0.25 + 0.5625 + 0.5625) / 4


@pytest.mark.parametrize("weights", [None, [1.0, 5.0, 2.0, 0.5]])
def test_the_base_rate_itself_has_ne_1(weights: list[float] | None) -> None:
    labels = [1, 0, 0, 0]
    rate = np.average(labels, weights=weights)
    data = Predictions(labels, np.full(4, rate), weights)
    assert NE().compute(data) == pytest.approx(1, rel=1e-14)
    assert RIG().compute(data) == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("metric", [LogLoss(), NE(), RIG(), Brier()])
def test_refuses_what_is_no_probability_of_a_class(metric: Metric) -> None:
    with pytest.raises(DataError, match=r"probabilities.* 2 of 3 rows, first 1.5 at row 0; .*sigm"):
        metric.compute(Predictions([0, 1, 0], [1.5, 0.5, -0.1]))
    with pytest.raises(
        DataError, match=r"labels of 0 or 1; got .* 1 of 3 rows, first 0.5 at row 2"
    ):
        metric.compute(Predictions([0, 1, 0.5], [0.5, 0.5, 0.1]))


@pytest.mark.parametrize("metric", [NE(), RIG()])
@pytest.mark.parametrize(("labels", "weights"), [([1, 1], None), ([0, 1], [2, 0])])
def test_one_class_has_no_entropy(
    metric: Metric, labels: list[int], weights: list[float] | None
) -> None:
    with pytest.raises(DataError, match=f"{metric} needs rows of both classes"):
        metric.compute(Predictions(labels, [0.5, 0.5], weights))
