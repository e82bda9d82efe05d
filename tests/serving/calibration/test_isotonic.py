from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.isotonic import IsotonicRegression

from serving.calibration.isotonic import Isotonic, blocks
from serving.calibration.outcomes import Outcomes


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("rows", [50, 3000, 100_000])
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_scikit_learn_at_its_knots(
    rows: int, weighted: bool, clicked: Callable[..., Outcomes]
) -> None:
    data = clicked(lambda x: x + np.sin(2 * x), rows=rows, weighted=weighted)
    edge = 1 / (rows + 2)
    reference = IsotonicRegression(y_min=edge, y_max=1 - edge)
    reference.fit(np.rint(data.logits * 64) / 64, data.labels, data.weights)
    fitted = Isotonic.fit(data)
    knots = np.array(fitted.x)
    assert len(knots) > 2
    np.testing.assert_allclose(sigmoid(fitted.bend(knots)), reference.predict(knots), rtol=1e-6)
    np.testing.assert_array_equal(fitted.bend(knots), fitted.y)


def test_neighbours_that_fall_are_pooled() -> None:
    """Rates 0.1, 0.5, 0.3, 0.6 of ten rows each: the middle two become one of 0.4."""
    labels = np.concatenate([np.arange(10) < clicks for clicks in (1, 5, 3, 6)])
    x, rate = blocks(Outcomes.of(np.repeat([-2.0, 0.0, 1.0, 2.0], 10), labels))
    np.testing.assert_allclose(x, [-2, 0.5, 2])
    np.testing.assert_allclose(rate, [0.1, 0.4, 0.6])


def test_does_not_tie_what_the_model_told_apart(clicked: Callable[..., Outcomes]) -> None:
    data = clicked(lambda x: x - 1, rows=5000)
    found = Isotonic.fit(data).apply(data.logits)
    assert len(np.unique(found)) > 0.99 * len(np.unique(data.logits.astype(np.float32)))
    order = np.argsort(data.logits)
    assert (np.diff(found[order]) >= 0).all()


def test_is_straight_between_knots_and_of_slope_one_beyond() -> None:
    curve = Isotonic(x=(-1, 1), y=(-4, 0))
    found = curve.bend(np.array([-3, -1, -0.5, 0, 1, 1.5]))
    np.testing.assert_allclose(found, [-6, -4, -3, -2, 0, 0.5])


def test_no_rate_is_0_or_1_and_knots_are_apart() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 0.02, 5000)
    labels = (rng.random(5000) < 0.5 + 10 * logits).astype(float)
    labels[logits < -0.03], labels[logits > 0.03] = 0, 1
    fitted = Isotonic.fit(Outcomes.of(logits, labels))
    assert min(np.diff(fitted.x)) >= 1 / 64
    rates = sigmoid(np.array(fitted.y))
    assert (rates[0], rates[-1]) == pytest.approx((1 / 5002, 5001 / 5002))


def test_knots_are_few() -> None:
    """5000 logits of a click and another row each, the click weighing ever more."""
    logits = np.repeat(np.arange(5000), 2)
    weights = np.stack([np.linspace(1, 10, 5000), np.ones(5000)], 1).ravel()
    rows = Outcomes.of(logits, np.tile([1, 0], 5000), weights)
    assert len(blocks(rows)[0]) == 5000
    fitted = Isotonic.fit(rows)
    assert len(fitted.x) == 1000
    assert (fitted.x[0], fitted.x[-1]) == (0, 4999)
    np.testing.assert_allclose(np.exp(fitted.y), 1 + 9 * np.array(fitted.x) / 4999)


def test_separate_labels_can_be_fitted() -> None:
    logits = np.linspace(-3, 3, 200)
    low, high = Isotonic.fit(Outcomes.of(logits, logits > 0)).apply(np.float32([-1.5, 1.5]))
    assert (low, high) == pytest.approx((1 / 202, 201 / 202), rel=0.05)


@pytest.mark.parametrize(
    ("x", "y"), [((0,), (0,)), ((0, 1), (0,)), ((0, 0), (0, 1)), ((0, 1), (1, 0)), ((), ())]
)
def test_knots_must_ascend(x: tuple[float, ...], y: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError, match="ascending"):
        Isotonic(x=x, y=y)
