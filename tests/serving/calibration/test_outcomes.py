from typing import Any

import numpy as np
import pytest

from features.errors import DataError
from serving.calibration.outcomes import Outcomes

X = np.linspace(-2, 2, 40)
Y = np.arange(40) % 2


def changed(values: Any, row: int, value: float) -> Any:
    copy = np.array(values, np.float64)
    copy[row] = value
    return copy


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((changed(X, 3, np.nan), Y), "finite logits; 1 of 40.*nan at row 3.*Lower"),
        ((changed(X, 3, np.inf), Y), "finite logits"),
        ((X, changed(Y, 5, 2)), "labels of 0 or 1.*2.0 at row 5.*Map"),
        ((X, changed(Y, 5, np.nan)), "labels of 0 or 1"),
        ((X, Y, changed(np.ones(40), 7, 0)), "weights above 0.*row 7"),
        ((X, Y, changed(np.ones(40), 7, np.nan)), "weights above 0"),
        ((X, np.zeros(40)), r"at least 10 rows of each label.*0 of 1 and 40 of 0.*data\.split"),
        ((X, np.ones(40)), "40 of 1 and 0 of 0"),
        ((X[:18], Y[:18]), "9 of 1 and 9 of 0"),
        ((X[:0], Y[:0]), "0 of 1 and 0 of 0"),
        ((X, Y[:39]), "shapes"),
        ((X[:, None], Y[:, None]), "shapes"),
    ],
)
def test_rows_that_cannot_be_calibrated_on_are_refused(given: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        Outcomes.of(*given)


def test_weights_have_no_unit() -> None:
    assert Outcomes.of(X, Y, np.arange(1, 41) * 7.0).weights.mean() == pytest.approx(1)


def test_some_of_the_rows() -> None:
    rows = np.arange(5, 35)
    some = Outcomes.of(X, Y, None, np.arange(40, dtype=np.int32)).take(rows)
    np.testing.assert_array_equal(some.logits, X[5:35])
    assert some.segments is not None
    np.testing.assert_array_equal(some.segments, rows)
    with pytest.raises(DataError, match="at least 10"):
        some.take(np.arange(8))
