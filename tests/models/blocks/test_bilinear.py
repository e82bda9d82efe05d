"""Bilinear fusion against loops over heads in numpy."""

import numpy as np
import pytest

from features.errors import ConfigError
from models.blocks.bilinear import BilinearFusion
from tests.models.blocks.interactions import randomise

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(5, 6)).astype(np.float32)
Y = RANDOM.normal(size=(5, 12)).astype(np.float32)


@pytest.mark.parametrize("heads", [1, 2, 3, 6])
def test_it_is_the_formula(heads: int) -> None:
    block = BilinearFusion(heads)
    block((X, Y))
    randomise(block)
    bilinear, w_x, b, w_y = block.get_weights()
    expected = X @ w_x + Y @ w_y + b
    for h in range(heads):
        x = X[:, h * 6 // heads : (h + 1) * 6 // heads]
        y = Y[:, h * 12 // heads : (h + 1) * 12 // heads]
        expected += np.sum((x @ bilinear[h]) * y, 1, keepdims=True)
    np.testing.assert_allclose(block((X, Y)), expected, rtol=1e-4, atol=1e-5)


def test_one_of_the_streams_alone_is_read_linearly() -> None:
    """Without y, x has no one to meet: the answer to twice x is twice the answer."""
    block = BilinearFusion(2)
    np.testing.assert_allclose(block((2 * X, 0 * Y)), 2 * block((X, 0 * Y)), rtol=1e-5, atol=1e-6)
    both = block((2 * X, 2 * Y)).numpy() - 2 * block((X, Y)).numpy()
    assert np.abs(both).max() > 1e-2


def test_it_starts_at_its_bias_and_at_glorots_scale() -> None:
    block = BilinearFusion(4, bias=-2.5)
    zeros = np.zeros((2, 400), np.float32)
    np.testing.assert_array_equal(block((zeros, zeros)), np.full((2, 1), -2.5))
    bilinear = block.get_weights()[0]
    assert bilinear.shape == (4, 100, 100)
    assert bilinear.var() == pytest.approx(2 / (1 + 40_000), rel=0.05)


@pytest.mark.parametrize("widths", [(6, 9), (7, 12)])
def test_widths_that_heads_cannot_share_are_refused(widths: tuple[int, int]) -> None:
    x, y = (np.zeros((2, width), np.float32) for width in widths)
    with pytest.raises(ConfigError, match="multiple of the 6 heads; it is"):
        BilinearFusion(6)((x, y))
