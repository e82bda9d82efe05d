"""The MLP against numpy, its initial scale and its dropout."""

import numpy as np
import pytest

from models.blocks.mlp import MLP

X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("activation", "function"),
    [("relu", lambda x: np.maximum(x, 0)), ("tanh", np.tanh), ("linear", lambda x: x)],
)
def test_layers_are_the_formula(activation: str, function: np.ufunc) -> None:
    block = MLP((4, 2), activation=activation)
    block(X)
    random = np.random.default_rng(1)
    block.set_weights([random.normal(size=one.shape) for one in block.get_weights()])
    w1, b1, w2, b2 = block.get_weights()
    expected = function(function(X @ w1 + b1) @ w2 + b2)
    np.testing.assert_allclose(block(X), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("units", [(), (7,), (7, 1)])
def test_output_dim_is_true(units: tuple[int, ...]) -> None:
    block = MLP(units)
    assert block(X).shape == (5, block.output_dim(3))


def test_without_layers_it_is_the_identity() -> None:
    np.testing.assert_array_equal(MLP(())(X), X)


@pytest.mark.parametrize(("activation", "variance"), [("relu", 2 / 200), ("tanh", 2 / (200 + 300))])
def test_initial_scale_suits_the_activation(activation: str, variance: float) -> None:
    """He: 2 / inputs. Glorot: 2 / (inputs + outputs). Biases start at 0."""
    block = MLP((300,), activation=activation)
    block(np.zeros((1, 200), np.float32))
    kernel, bias = block.get_weights()
    assert kernel.var() == pytest.approx(variance, rel=0.05)
    assert not bias.any()


def test_dropout_drops_in_training_alone() -> None:
    block = MLP((2000,), dropout=0.25)
    whole = block(X).numpy()
    np.testing.assert_array_equal(block(X, training=False), whole)
    thinned = block(X, training=True).numpy()
    alive = whole > 0
    kept = alive & (thinned > 0)
    np.testing.assert_allclose(thinned[kept], whole[kept] / 0.75, rtol=1e-5)
    assert kept.sum() / alive.sum() == pytest.approx(0.75, abs=0.03)


def test_seeds_decide_the_weights_and_layers_differ() -> None:
    first, again, other = (MLP((3, 3), seed=seed) for seed in (0, 0, 50))
    outputs = [block(X).numpy() for block in (first, again, other)]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.array_equal(outputs[0], outputs[2])
    assert not np.array_equal(first.get_weights()[0], first.get_weights()[2])
