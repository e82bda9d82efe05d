"""The MLP against numpy, its initial scale and its dropout."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError
from models.blocks.mlp import MLP, Norm
from models.keras import keras, tf

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


@pytest.mark.parametrize(
    ("activation", "variance"),
    [
        *((name, 2 / 200) for name in ("relu", "prelu", "dice", "gelu")),
        *((name, 2 / (200 + 300)) for name in ("tanh", "sigmoid")),
    ],
)
def test_initial_scale_suits_the_activation(activation: str, variance: float) -> None:
    """He: 2 / inputs. Glorot: 2 / (inputs + outputs). Biases start at 0."""
    block = MLP((300,), activation=activation)
    block(np.zeros((1, 200), np.float32))
    kernel, bias, *_ = block.get_weights()
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


def test_by_default_it_is_a_stack_of_keras_layers_bit_for_bit() -> None:
    def dense(units: int, seed: int) -> Any:
        initial = keras.initializers.HeNormal(seed=seed)
        return keras.layers.Dense(units, activation="relu", kernel_initializer=initial)

    stack = keras.Sequential([dense(4, 3), dense(2, 4)])
    np.testing.assert_array_equal(MLP((4, 2), seed=3)(X), stack(X))


@pytest.mark.parametrize("training", [True, False])
def test_norms_come_before_the_activation(training: bool) -> None:
    """Moments of the batch, of an example's units, or moving ones: mean 0 and variance 1."""
    for norm, axis in (("batch", 0), ("ghost", 0), ("layer", 1)):
        block = MLP((4,), norm=norm, ghost_size=5, activation="tanh")
        block(X)
        hidden = (X @ block.get_weights()[0]).astype(float)
        mean, variance = hidden.mean(axis, keepdims=True), hidden.var(axis, keepdims=True)
        if not training and axis == 0:
            mean, variance = np.zeros(1), np.ones(1)
        expected = np.tanh((hidden - mean) / np.sqrt(variance + 1e-5))
        np.testing.assert_allclose(block(X, training=training), expected, atol=1e-5)


def test_ghosts_are_of_the_size_asked_for() -> None:
    found = MLP((4,), norm="ghost", ghost_size=2)(X, training=True)
    parts = [MLP((4,), norm="batch")(part, training=True) for part in (X[:3], X[3:])]
    np.testing.assert_allclose(found, np.concatenate(parts), atol=1e-5)


def test_moving_moments_reach_those_of_the_data() -> None:
    for norm in ("batch", "ghost"):
        block = MLP((4,), norm=norm, ghost_size=5)
        for _ in range(120):
            taught = block(X, training=True)
        np.testing.assert_allclose(block(X), taught, rtol=1e-3, atol=1e-4)


def test_each_layer_its_own_dropout() -> None:
    block = MLP((500, 400), activation="linear", dropout=[0.5, 0.0])
    dropped = block(X, training=True).numpy()
    assert not np.isclose(dropped, block(X)).any()  # by the first layer's
    assert (dropped != 0).all()
    last = MLP((500, 400), activation="linear", dropout=[0.0, 0.5])(X, training=True).numpy()
    assert (last == 0).mean() == pytest.approx(0.5, abs=0.05)
    with pytest.raises(ConfigError, match="MLP of 2 layers must have one dropout, .* it has 3"):
        MLP((4, 4), dropout=[0.1, 0.2, 0.3])


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_keeps_the_expectation(rate: float) -> None:
    """The mean of 4000 draws is that of serving, within 5 standard errors of each output."""
    draws = 4000
    block = MLP((8,), activation="linear", dropout=rate, seed=1)
    rows = np.repeat(X[:1], draws, axis=0)
    serving = block(X[:1]).numpy()[0]
    error = np.abs(serving) * np.sqrt(rate / (1 - rate) / draws)
    found = block(rows, training=True).numpy().mean(0)
    assert (np.abs(found - serving) < 5 * error).all()


@pytest.mark.parametrize("norm", ["none", "batch", "ghost", "layer"])
def test_in_litert(norm: Norm, check_litert: Callable[..., None]) -> None:
    block = MLP((4, 2), norm=norm, dropout=0.5, activation="dice")
    block(X, training=True)
    check_litert(block, X)


@pytest.mark.parametrize("norm", ["none", "batch", "ghost", "layer"])
def test_in_bfloat16_and_of_one_row(norm: Norm, bfloat16: Any) -> None:
    block = MLP((4, 2), norm=norm, activation="prelu")
    with tf.GradientTape() as tape:
        found = block(X[:1], training=True)
    assert found.dtype == bfloat16
    gradients = tape.gradient(found, block.trainable_weights)
    assert all(one.dtype == tf.float32 for one in gradients)
    assert all(np.isfinite(one).all() for one in gradients)
