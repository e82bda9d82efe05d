"""Feature gates against the formula, and what they do when there is no context."""

import numpy as np
import pytest

from models.blocks.gating import FeatureGate
from models.keras import keras, tf
from tests.models.blocks.interactions import randomise

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(5, 4)).astype(np.float32)
C = RANDOM.normal(size=(5, 3)).astype(np.float32)


def test_it_is_the_formula() -> None:
    block = FeatureGate((6, 5))
    block(X, C)
    randomise(block)
    bias, w1, b1, w2, b2, head = block.get_weights()
    hidden = np.maximum(np.maximum(C @ w1 + b1, 0) @ w2 + b2, 0)
    expected = X * 2 / (1 + np.exp(-(hidden @ head + bias)))
    np.testing.assert_allclose(block(X, C), expected, rtol=1e-5, atol=1e-6)


def test_gates_are_open_until_something_is_learned() -> None:
    np.testing.assert_array_equal(FeatureGate()(X), X)
    np.testing.assert_array_equal(FeatureGate()(X, np.zeros_like(C)), X)


def test_gates_follow_the_context_and_not_the_features() -> None:
    block = FeatureGate((6,))
    gates = (block(X, C) / X).numpy()
    assert (gates.std(0) > 1e-3).all()
    np.testing.assert_allclose(block(2 * X, C) / (2 * X), gates, rtol=1e-6)
    assert ((gates > 0) & (gates < 2)).all()


def test_without_a_context_it_learns_what_a_learned_context_would() -> None:
    """FuxiCTR's form, written out: a context from zero, a ReLU layer without biases, a head."""
    block = FeatureGate((6,))
    block(X)
    context, start = tf.Variable(tf.zeros([1, 3])), keras.initializers.GlorotNormal(seed=0)
    hidden = keras.layers.Dense(6, activation="relu", kernel_initializer=start)
    head = keras.layers.Dense(4, activation="sigmoid", kernel_initializer=start)
    wanted = X * np.array([0.2, 1.8, 1.0, 0.5], np.float32)

    def loss(ours: bool) -> tf.Tensor:
        found = block(X) if ours else X * 2 * head(hidden(context))
        return tf.reduce_mean((found - wanted) ** 2)

    loss(False)
    theirs = [context, *hidden.weights, *head.weights]
    for ours, weights in ((True, block.trainable_weights), (False, theirs)):
        optimizer = keras.optimizers.Adam(0.05, jit_compile=False)
        optimizer.build(weights)
        for _ in range(20):
            with tf.GradientTape() as tape:
                value = loss(ours)
            optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))
    (bias,) = block.get_weights()
    np.testing.assert_allclose(bias, head.bias, rtol=1e-5)
    assert np.abs(bias).max() > 0.3
    assert not np.any(context)


@pytest.mark.parametrize("hidden", [(), (6,)])
def test_the_context_may_be_read_by_a_linear_map_alone(hidden: tuple[int, ...]) -> None:
    block = FeatureGate(hidden)
    assert block(X, C).shape == (5, block.output_dim(4))
    assert len(block.get_weights()) == 2 + 2 * len(hidden)
