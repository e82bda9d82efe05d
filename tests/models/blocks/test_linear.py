"""The first-order part, by hand."""

import numpy as np

from models.blocks.linear import FirstOrder

WEIGHTS = np.array([[[0.5], [-2.0]], [[1.0], [3.0]]], np.float32)
NUMERICS = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 0.5]], np.float32)


def test_worked_numbers() -> None:
    """With b = 0.25 and u = (1, 10, 100): 0.25 - 1.5 + 321, and 0.25 + 4 + 40."""
    block = FirstOrder(bias=0.25)
    np.testing.assert_array_equal(block(WEIGHTS, NUMERICS), [[-1.25], [4.25]])
    bias, numeric = block.get_weights()
    assert not numeric.any()
    block.set_weights([bias, np.array([[1.0], [10.0], [100.0]])])
    np.testing.assert_array_equal(block(WEIGHTS, NUMERICS), [[319.75], [44.25]])


def test_either_may_be_absent() -> None:
    block = FirstOrder(bias=0.25)
    np.testing.assert_array_equal(block(WEIGHTS, NUMERICS[:, :0]), [[-1.25], [4.25]])
    np.testing.assert_array_equal(FirstOrder()(WEIGHTS[:, :0], NUMERICS), np.zeros((2, 1)))
