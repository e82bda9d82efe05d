"""Activations against their equations."""

import math
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from features.errors import ConfigError
from models.blocks.activation import Activation, Dice, PReLU, activation_layer
from models.blocks.mlp import MLP
from models.keras import keras, tf
from models.network import Activation as Declared

X = np.random.default_rng(0).normal(0, 2, (6, 3)).astype(np.float32)
SLOPES = np.array([0.5, -0.25, 0.0], np.float32)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def test_prelu_is_the_equation() -> None:
    block = PReLU()
    np.testing.assert_allclose(block(X), np.where(X > 0, X, 0.25 * X))
    block.set_weights([SLOPES])
    np.testing.assert_allclose(block(X), np.where(X > 0, X, SLOPES * X))
    cube = X.reshape(2, 3, 3)
    np.testing.assert_allclose(block(cube), np.where(cube > 0, cube, SLOPES * cube))


def test_dice_is_the_equation_in_training_and_serving() -> None:
    block = Dice(momentum=0.5)
    block(X)
    block.set_weights([SLOPES, *block.get_weights()[1:]])
    mean, variance = X.mean(0), X.var(0)
    share = sigmoid((X - mean) / np.sqrt(variance + 1e-8))
    expected = share * X + (1 - share) * SLOPES * X
    np.testing.assert_allclose(block(X, training=True), expected, rtol=1e-5, atol=1e-6)
    share = sigmoid((X - mean / 2) / np.sqrt((1 + variance) / 2 + 1e-8))
    expected = share * X + (1 - share) * SLOPES * X
    np.testing.assert_allclose(block(X), expected, rtol=1e-5, atol=1e-6)


def test_dice_of_standard_rows_is_swish() -> None:
    """Its slope 0, mean 0 and variance 1, as it starts: x sigmoid(x)."""
    np.testing.assert_allclose(Dice()(X), X * sigmoid(X), rtol=1e-5)


@pytest.mark.parametrize("rows", [np.ones((4, 3), np.float32), X[:1]], ids=["constant", "one"])
def test_dice_of_rows_that_do_not_vary(rows: Any) -> None:
    block = Dice()
    with tf.GradientTape() as tape:
        watched = tf.constant(rows)
        tape.watch(watched)
        found = block(watched, training=True)
    np.testing.assert_allclose(found, rows / 2, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(found, watched), np.full(rows.shape, 0.5), atol=1e-3)


@pytest.mark.parametrize("name", ["prelu", "dice"])
def test_slopes_are_learned_one_a_column(name: str) -> None:
    block = activation_layer(name)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(block(X)[:, 1])
    (slope,) = block.trainable_weights
    gradient = tape.gradient(loss, slope).numpy()
    weight = np.minimum(X, 0) if name == "prelu" else X * (1 - sigmoid(X))
    np.testing.assert_allclose(gradient, [0, weight[:, 1].sum(), 0], rtol=1e-4, atol=1e-6)


def test_gelu_is_exact() -> None:
    """x Phi(x); the tanh form is off by up to 5e-4."""
    expected = [[x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in row] for row in X.tolist()]
    np.testing.assert_allclose(activation_layer("gelu")(X), expected, rtol=1e-5, atol=1e-7)


def test_the_names_are_those_of_the_config_and_ours() -> None:
    """Until a config declares ours, each of its own is known here."""
    assert set(get_args(Declared)) | {"prelu", "dice"} == set(get_args(Activation))
    with pytest.raises(
        ConfigError, match=r"one of dice, elu, .*it is 'prel'. Did you mean 'prelu'"
    ):
        activation_layer("prel")


@pytest.mark.parametrize("name", sorted(set(get_args(Activation)) - {"prelu", "dice"}))
def test_a_function_of_keras(name: str) -> None:
    np.testing.assert_array_equal(activation_layer(name)(X), keras.activations.get(name)(X))


@pytest.mark.parametrize("name", get_args(Activation))
def test_in_litert(name: str, check_litert: Callable[..., None]) -> None:
    block = MLP((4,), activation=name)
    block(X, training=True)
    check_litert(block, X)


@pytest.mark.parametrize("name", get_args(Activation))
def test_in_bfloat16(name: str, bfloat16: Any) -> None:
    narrow = activation_layer(name)(tf.cast(X, bfloat16), training=True)
    assert narrow.dtype == bfloat16
    keras.mixed_precision.set_global_policy("float32")
    wide = activation_layer(name)(X, training=True)
    np.testing.assert_allclose(tf.cast(narrow, tf.float32), wide, rtol=0.03, atol=0.03)
