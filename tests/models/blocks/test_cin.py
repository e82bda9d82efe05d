"""The compressed interaction network against the paper's sums, written as loops in numpy."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.cin import CompressedInteraction
from tests.models.blocks.interactions import randomise

X = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)


@pytest.mark.parametrize("split_half", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("activation", "function"), [("linear", lambda x: x), ("relu", lambda x: np.maximum(x, 0))]
)
def test_it_is_the_formula(
    split_half: bool, bias: bool, activation: str, function: np.ufunc
) -> None:
    units = (5, 4, 3)
    block = CompressedInteraction(units, activation=activation, split_half=split_half, bias=bias)
    block(X)
    randomise(block)
    weights = block.get_weights()
    previous: npt.NDArray[Any] = X
    pooled = []
    for k, size in enumerate(units):
        kernel = weights[k * (1 + bias)].reshape(previous.shape[1], 4, size)
        maps = np.zeros((5, size, 3))
        for h in range(size):
            for i in range(previous.shape[1]):
                for j in range(4):
                    maps[:, h] += kernel[i, j, h] * previous[:, i] * X[:, j]
            maps[:, h] += weights[2 * k + 1][h] if bias else 0
        maps = function(maps)
        kept = size // 2 if split_half and k < 2 else 0
        pooled.append(maps[:, kept:].sum(2))
        previous = maps[:, :kept] if kept else maps
    expected = np.concatenate(pooled, 1)
    np.testing.assert_allclose(block(X), expected, rtol=1e-4, atol=1e-4)
    assert expected.shape[1] == block.output_dim()


def test_degree_grows_by_one_a_layer() -> None:
    """Layer k of t x is t^(k + 1) times layer k of x, without biases and activation."""
    block = CompressedInteraction((3, 3), bias=False)
    once, twice = block(X).numpy(), block(2 * X).numpy()
    np.testing.assert_allclose(twice[:, :3], 4 * once[:, :3], rtol=1e-4)
    np.testing.assert_allclose(twice[:, 3:], 8 * once[:, 3:], rtol=1e-4)


def test_one_field_is_crossed_with_itself() -> None:
    block = CompressedInteraction((2,))
    assert block(X[:, :1]).shape == (5, 2)
    kernel, _ = block.get_weights()
    np.testing.assert_allclose(block(X[:, :1]), (X[:, 0] ** 2).sum(1)[:, None] * kernel, rtol=1e-5)


def test_without_fields_it_is_zero() -> None:
    np.testing.assert_array_equal(CompressedInteraction((3, 2))(X[:, :0]), np.zeros((5, 5)))
