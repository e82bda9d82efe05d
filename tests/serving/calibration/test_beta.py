from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.optimize import minimize

from serving.calibration.beta import Beta
from serving.calibration.outcomes import Outcomes


def distort(a: float, b: float, c: float) -> Callable[[np.ndarray], np.ndarray]:
    def bend(x: np.ndarray) -> np.ndarray:
        p = 1 / (1 + np.exp(-x))
        return a * np.log(p) - b * np.log(1 - p) + c

    return bend


def test_a_known_distortion_is_recovered(clicked: Callable[..., Outcomes]) -> None:
    fitted = Beta.fit(clicked(distort(0.6, 1.4, 0.3), centre=0))
    assert (fitted.a, fitted.b, fitted.c) == pytest.approx((0.6, 1.4, 0.3), abs=0.04)


def test_is_the_formula_of_the_paper() -> None:
    x = np.linspace(-20, 20, 81)
    found = Beta(a=0.6, b=1.4, c=0.3).bend(x)
    np.testing.assert_allclose(found, distort(0.6, 1.4, 0.3)(x), rtol=1e-6)
    np.testing.assert_allclose(Beta(a=1, b=1, c=0).bend(x), x, atol=1e-12)


@pytest.mark.parametrize(
    "true", [(0.6, 1.4, 0.3), (-1.0, 2.0, 0.0), (2.0, -1.0, 0.5), (0.0, 0.1, -1.0)]
)
def test_equals_a_bounded_optimizer(
    true: tuple[float, float, float], clicked: Callable[..., Outcomes]
) -> None:
    """Where the best a or b would be negative, the best with it at 0 is found instead."""
    rows = clicked(distort(*true), rows=2000, centre=0, weighted=True)
    columns = np.stack([-np.logaddexp(0, -rows.logits), np.logaddexp(0, rows.logits)])

    def loss(at: np.ndarray) -> float:
        z = at[:2] @ columns + at[2]
        prior = ((at[:2] - 1) ** 2).sum() / 2
        return float(rows.weights @ (np.logaddexp(0, z) - rows.labels * z)) + prior

    bounds = [(0, None), (0, None), (None, None)]
    options = {"ftol": 1e-15, "gtol": 1e-9}
    best = minimize(loss, [1, 1, 0], method="L-BFGS-B", bounds=bounds, options=options)
    fitted = Beta.fit(rows)
    assert loss(np.array([fitted.a, fitted.b, fitted.c])) <= best.fun + 1e-7
    np.testing.assert_allclose([fitted.a, fitted.b, fitted.c], best.x, atol=2e-3)
    assert (min(true[:2]) < 0) == (min(fitted.a, fitted.b) == 0) or true[0] == 0


def test_what_rare_clicks_cannot_show_is_not_made_up(clicked: Callable[..., Outcomes]) -> None:
    """With logits near -6, b acts on nothing: without its prior it is off by tens."""
    for seed in range(5):
        fitted = Beta.fit(clicked(lambda x: x, rows=3000, seed=seed, centre=-6))
        assert 0 <= fitted.b < 3


def test_one_slope_must_be_above_zero() -> None:
    with pytest.raises(ValidationError, match="above 0"):
        Beta(a=0, b=0, c=1)
    with pytest.raises(ValidationError):
        Beta(a=-1, b=1, c=0)
