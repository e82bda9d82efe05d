"""Listwise softmax against SciPy, and what weights do in it."""

from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax

from models.losses.softmax import Softmax


def test_it_is_the_log_softmax_of_the_click(rows_from: Any, evaluate: Any) -> None:
    """Grades weigh: one of 2 as two clicks do."""
    scores = np.array([[1.0, 3.0, 2.0], [1.0, 2.0, 3.0]])
    rows = rows_from(
        logits=scores.ravel(),
        label=np.array([0.0, 0, 1, 0, 0, 2]),
        weight=np.ones(6),
        query=np.array([1, 1, 1, 2, 2, 2]),
    )
    logs = log_softmax(scores, axis=1)
    value, gradient = evaluate(Softmax(), rows)
    assert value == pytest.approx(-(logs[0, 2] + 2 * logs[1, 2]) / 3, rel=1e-6)
    target = np.array([[0.0, 0, 1], [0, 0, 1]])
    slopes = (np.exp(logs) - target) * [[1 / 3], [2 / 3]]
    np.testing.assert_allclose(gradient, slopes.ravel(), rtol=1e-5)


def test_a_negative_of_weight_three_pushes_as_three_do(rows_of: Any, evaluate: Any) -> None:
    """Keeping a third of the negatives at three times the weight keeps the gradient's mean."""
    rows = rows_of(queries=1).take([0] * 4)
    rows = rows.but(
        logits=np.array([0.3, -0.2, 1.0, 0.1]), label=np.array([1.0, 0, 0, 0]), query=np.ones(4)
    )
    origin = [0, 1, 1, 1, 2, 3]
    weighted = evaluate(Softmax(), rows.but(weight=np.array([1.0, 3, 1, 1])))
    repeated = evaluate(Softmax(), rows.take(origin).but(weight=np.ones(6)))
    assert weighted[0] == pytest.approx(repeated[0], rel=1e-6)
    np.testing.assert_allclose(weighted[1], np.bincount(origin, repeated[1]), rtol=1e-5)
