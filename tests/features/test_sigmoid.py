import numpy as np
import pytest
from scipy.special import expit

from features.sigmoid import sigmoid


def test_is_scipys_and_saturates_without_a_warning() -> None:
    logits = np.array([-1e4, -20, -0.5, 0, 3, 1e4], np.float32)
    found = sigmoid(logits)
    assert found.dtype == np.float32
    assert found == pytest.approx(expit(logits.astype(np.float64)), rel=1e-6)
    assert found[[0, 3, 5]].tolist() == [0.0, 0.5, 1.0]


def test_sigmoid_saturates_in_silence() -> None:
    logits = np.array([-3e38, -1000, 0, 1000, 3e38], np.float32)
    np.testing.assert_array_equal(sigmoid(logits), np.array([0, 0, 0.5, 1, 1], np.float32))


def test_sigmoid_is_float32_of_the_exact_value() -> None:
    # 1 / (1 + e^-2) = 0.880797077977882...
    assert sigmoid(np.array([2], np.float32))[0] == np.float32(0.8807970779778823)
