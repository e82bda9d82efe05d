"""Crosses against the formula in numpy, and what they can express."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.cross import CrossNetwork
from models.keras import tf

X = np.array([[1.0, -2.0, 3.0, 0.5], [0.0, 1.0, 0.25, -1.0]], np.float32)


def weights(block: CrossNetwork) -> list[npt.NDArray[Any]]:
    """The block's weights, set to distinct values so that no order or transposition hides."""
    random = np.random.default_rng(0)
    block.set_weights([random.normal(size=one.shape) for one in block.get_weights()])
    found: list[npt.NDArray[Any]] = block.get_weights()
    return found


def test_worked_numbers() -> None:
    """W = [[0, 1], [2, 0]] (columns are outputs), b = [1, 0], x0 = [3, 5]:

    x W + b = [11, 3], x0 * that = [33, 15], + x = [36, 20].
    """
    block = CrossNetwork(1)
    block(tf.zeros([1, 2]))
    block.set_weights([np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([1.0, 0.0])])
    np.testing.assert_array_equal(block(tf.constant([[3.0, 5.0]])), [[36.0, 20.0]])


@pytest.mark.parametrize("layers", [1, 3])
def test_full_rank_is_the_formula(layers: int) -> None:
    block = CrossNetwork(layers)
    block(X)
    crossed: npt.NDArray[Any] = X
    parts = weights(block)
    for w, b in zip(parts[::2], parts[1::2], strict=True):
        crossed = X * (crossed @ w + b) + crossed
    assert len(parts) == 2 * layers
    np.testing.assert_allclose(block(X), crossed, rtol=1e-4)


@pytest.mark.parametrize("rank", [1, 2, 6])
def test_low_rank_is_the_formula(rank: int) -> None:
    block = CrossNetwork(2, rank=rank)
    block(X)
    crossed: npt.NDArray[Any] = X
    parts = weights(block)
    assert [one.shape for one in parts] == 2 * [(4, rank), (rank, 4), (4,)]
    for u, v, b in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        crossed = X * (crossed @ u @ v + b) + crossed
    np.testing.assert_allclose(block(X), crossed, rtol=1e-4)


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_degree_grows_by_one_a_layer(layers: int) -> None:
    """Along a line t x, layer L is a polynomial of degree L + 1 in t, without the biases."""
    block = CrossNetwork(layers)
    block(X)
    line = np.linspace(-1, 1, 12)
    values = block(tf.constant(line[:, None] * X[:1], tf.float32)).numpy()[:, 0]
    fitted = np.polynomial.Polynomial.fit(line, values, layers + 1)
    lower = np.polynomial.Polynomial.fit(line, values, layers)
    spread = np.ptp(values)
    assert np.abs(fitted(line) - values).max() < 1e-4 * spread
    assert np.abs(lower(line) - values).max() > 1e-3 * spread


@pytest.mark.parametrize("rank", [None, 2])
def test_seeds_decide_the_weights_and_layers_differ(rank: int | None) -> None:
    first, again, other = (CrossNetwork(2, rank=rank, seed=seed) for seed in (0, 0, 50))
    outputs = [block(X).numpy() for block in (first, again, other)]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.array_equal(outputs[0], outputs[2])
    kernels = [one for one in first.get_weights() if one.ndim == 2]
    half = len(kernels) // 2
    assert not any(map(np.array_equal, kernels[:half], kernels[half:]))


@pytest.mark.parametrize("rank", [None, 3])
def test_output_dim_is_true(rank: int | None) -> None:
    block = CrossNetwork(2, rank=rank)
    assert block(X).shape == (2, block.output_dim(4))
