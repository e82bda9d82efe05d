from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from features.errors import DataError
from serving.calibration.outcomes import Outcomes
from serving.calibration.platt import Platt


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (50.0, 400.0), (0.01, -5.0)])
def test_equals_a_logistic_regression_without_penalty(
    scale: float, shift: float, clicked: Callable[..., Outcomes]
) -> None:
    rows = clicked(lambda x: 0.4 * x - 1, rows=5000, weighted=True)
    fitted = Platt.fit(Outcomes.of(rows.logits * scale + shift, rows.labels, rows.weights))
    reference = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky")
    reference.fit(rows.logits[:, None], rows.labels, rows.weights)
    assert fitted.slope * scale == pytest.approx(reference.coef_[0, 0], rel=1e-7)
    at_zero = fitted.slope * shift + fitted.intercept
    assert at_zero == pytest.approx(reference.intercept_[0], rel=1e-6)


def test_two_values_are_worked_by_hand() -> None:
    """30 of 100 rows clicked at logit 0 and 60 of 100 at logit 2: the line meets both odds."""
    labels = np.r_[np.ones(30), np.zeros(70), np.ones(60), np.zeros(40)]
    fitted = Platt.fit(Outcomes.of(np.repeat([0.0, 2.0], 100), labels))
    assert fitted.intercept == pytest.approx(np.log(3 / 7))
    assert fitted.slope == pytest.approx((np.log(6 / 4) - np.log(3 / 7)) / 2)


def test_almost_separate_labels_converge_and_separate_ones_are_refused() -> None:
    logits = np.linspace(-3, 3, 1000)
    labels = (logits > 0).astype(float)
    with pytest.raises(DataError, match="overlap.*gives the label away.*isotonic"):
        Platt.fit(Outcomes.of(logits, labels))
    labels[[499, 500]] = labels[[500, 499]]
    fitted = Platt.fit(Outcomes.of(logits, labels))
    assert fitted.slope > 50
    gaps = fitted.apply(logits) - labels
    assert abs(gaps.sum()) < 1e-3
    assert abs(gaps @ logits) < 1e-3
