"""What holds of every curve."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import DataError
from features.sigmoid import sigmoid
from pipelines.calibration import CalibrationConfig
from serving.calibration.curves import CURVES
from serving.calibration.outcomes import Outcomes

KINDS = pytest.mark.parametrize("kind", list(CURVES))
GRID = np.linspace(-6, 4, 101)
LOGITS = st.floats(width=32, allow_nan=False)
MADE = {
    "platt": CURVES["platt"].model_validate({"slope": 0.7, "intercept": -3.25}),
    "beta": CURVES["beta"].model_validate({"a": 0.0, "b": 2.5, "c": -0.5}),
    "isotonic": CURVES["isotonic"].model_validate({"x": (-1, 0.1, 0.3), "y": (-9, -8.7, 3)}),
}


def mean(values: Any, weights: Any) -> float:
    return float(np.average(values, weights=weights))


def test_the_configuration_knows_each_kind() -> None:
    assert set(get_args(CalibrationConfig.model_fields["type"].annotation)) == set(CURVES)
    assert set(MADE) == set(CURVES)


@KINDS
def test_what_is_calibrated_stays_as_it_is(kind: str, clicked: Callable[..., Outcomes]) -> None:
    curve = CURVES[kind].fit(clicked(lambda x: x))
    grid = GRID[(GRID > -4) & (GRID < 2)]
    tolerance = 0.25 if kind == "isotonic" else 0.06
    np.testing.assert_allclose(curve.bend(grid), grid, atol=tolerance)


@KINDS
def test_overconfidence_and_a_wrong_rate_are_undone(
    kind: str, clicked: Callable[..., Outcomes]
) -> None:
    curve = CURVES[kind].fit(clicked(lambda x: 0.5 * x - 2))
    grid = GRID[(GRID > -3) & (GRID < 1)]
    np.testing.assert_allclose(curve.bend(grid), 0.5 * grid - 2, atol=0.25)


@KINDS
def test_predictions_add_up_to_the_weighted_clicks(
    kind: str, clicked: Callable[..., Outcomes]
) -> None:
    rows = clicked(lambda x: 0.5 * x - 2, rows=50_000, weighted=True)
    fitted = CURVES[kind].fit(rows).apply(rows.logits)
    observed = mean(rows.labels, rows.weights)
    # An isotonic curve adds up at its knots, not in between.
    tolerance = 2e-2 if kind == "isotonic" else 1e-5
    assert mean(fitted, rows.weights) == pytest.approx(observed, rel=tolerance)
    assert mean(sigmoid(rows.logits), rows.weights) > 1.5 * observed


@KINDS
def test_weights_count_rows_whatever_their_unit(
    kind: str, clicked: Callable[..., Outcomes]
) -> None:
    rows = clicked(lambda x: 0.5 * x - 1, rows=3000)
    times = np.random.default_rng(5).integers(1, 4, 3000)
    repeated = Outcomes.of(np.repeat(rows.logits, times), np.repeat(rows.labels, times))
    weighted = Outcomes.of(rows.logits, rows.labels, times)
    scaled = Outcomes.of(rows.logits, rows.labels, 1000.0 * times)
    fitted = CURVES[kind].fit(weighted).bend(GRID)
    np.testing.assert_allclose(CURVES[kind].fit(scaled).bend(GRID), fitted, rtol=1e-9)
    # Twice the weight is not twice the evidence: where a prior or a bound on rates says so,
    # the difference is small; where neither does, there is none.
    inside = (GRID > -3) & (GRID < 1)
    again = CURVES[kind].fit(repeated).bend(GRID)
    tolerance = 1e-8 if kind == "platt" else 0.02
    np.testing.assert_allclose(again[inside], fitted[inside], atol=tolerance)


@KINDS
@given(pair=st.tuples(LOGITS, LOGITS).map(sorted))
def test_increases_and_stays_inside(kind: str, pair: list[float]) -> None:
    low, high = MADE[kind].apply(np.array(pair, np.float32))
    assert 0 < low <= high < 1


@KINDS
def test_increases_strictly_where_float32_can_tell(kind: str) -> None:
    found = MADE[kind].apply(np.linspace(-3, 0.5, 500).astype(np.float32))
    assert found.dtype == np.float32
    assert (np.diff(found) > 0).all()


@KINDS
def test_rows_are_calibrated_one_by_one(kind: str) -> None:
    logits = np.linspace(-8, 8, 50).astype(np.float32)
    whole = MADE[kind].apply(logits)
    single = np.concatenate([MADE[kind].apply(logits[i : i + 1]) for i in range(50)])
    np.testing.assert_array_equal(whole, single)
    assert MADE[kind].apply(logits[:0]).shape == (0,)


@KINDS
@pytest.mark.parametrize("backwards", [True, False])
def test_a_model_that_cannot_tell_is_refused(
    kind: str, backwards: bool, clicked: Callable[..., Outcomes]
) -> None:
    rows = clicked(lambda x: -x, rows=2000)
    logits = rows.logits if backwards else np.full(2000, -1.5)
    with pytest.raises(DataError, match=r"do not become likelier.*remove \[calibration\]"):
        CURVES[kind].fit(Outcomes.of(logits, rows.labels))
