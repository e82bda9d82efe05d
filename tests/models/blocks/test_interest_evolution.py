"""DIEN's recurrences against their equations, against Keras' GRU, and their laws."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.interest_evolution import _GRU, InterestEvolution
from models.keras import keras, tf

Floats = npt.NDArray[Any]
RANDOM = np.random.default_rng(0)
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 1]], np.float32)
PRESENT = MASK[..., None] > 0
X = np.where(PRESENT, RANDOM.normal(size=(5, 4, 3)), 0).astype(np.float32)
QUERY = RANDOM.normal(size=(5, 2)).astype(np.float32)


def make(units: int | None = 6, seed: int = 5) -> InterestEvolution:
    """With weights and biases large enough to tell the parts apart."""
    block = InterestEvolution(units, seed=seed)
    block(X, QUERY, MASK)
    random = np.random.default_rng(1)
    block.set_weights([random.normal(size=one.shape) for one in block.get_weights()])
    return block


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def recur(weights: list[Floats], elements: Floats, shares: Floats) -> list[Floats]:
    """The states over the elements of one example."""
    (wu, wr, wc), (uu, ur, uc), (bu, br, bc) = (np.split(one, 3, -1) for one in weights)
    state = np.zeros(len(uu))
    states = []
    for x, share in zip(elements, shares, strict=True):
        u = sigmoid(x @ wu + state @ uu + bu) * share
        r = sigmoid(x @ wr + state @ ur + br)
        candidate = np.tanh(x @ wc + r * (state @ uc) + bc)
        state = (1 - u) * state + u * candidate
        states.append(state)
    return states


@pytest.mark.parametrize("units", [None, 6])
def test_the_equations(units: int | None) -> None:
    block = make(units)
    weights = [one.astype(float) for one in block.get_weights()]
    extractor, evolution, relevance = weights[:3], weights[3:6], weights[6]
    found = block(X, QUERY, MASK)
    assert found.shape == (5, block.output_dim(3))
    for i in range(5):
        elements = X[i][MASK[i] > 0].astype(float)
        expected = np.zeros(block.output_dim(3))
        if len(elements):
            interests = np.array(recur(extractor, elements, np.ones(len(elements))))
            scores = np.exp(interests @ (QUERY[i] @ relevance))
            expected = recur(evolution, interests, scores / scores.sum())[-1]
        np.testing.assert_allclose(found[i], expected, rtol=1e-4, atol=1e-5)
        one = slice(i, i + 1)
        alone = block(X[one], QUERY[one], MASK[one])
        np.testing.assert_allclose(alone[0], found[i], rtol=1e-5, atol=1e-6)


def test_the_recurrence_is_that_of_keras() -> None:
    """Whose update gate is the share kept: ours with its sign turned."""
    block, theirs = _GRU(6, seed=0), keras.layers.GRU(6, return_sequences=True)
    block(X, MASK)
    theirs(X)
    random = np.random.default_rng(2)
    weights = [random.normal(size=one.shape).astype(np.float32) for one in block.get_weights()]
    block.set_weights(weights)
    turned = [np.concatenate([-one[..., :6], one[..., 6:]], -1) for one in weights]
    theirs.set_weights([*turned[:2], np.stack([turned[2], np.zeros(18)])])
    expected = theirs(X, mask=tf.constant(MASK > 0))
    np.testing.assert_allclose(block(X, MASK), expected, rtol=1e-4, atol=1e-5)


def test_padding_never_matters() -> None:
    block = make()
    garbage = np.where(PRESENT, X, np.float32(np.nan))
    with tf.GradientTape() as tape:
        watched = tf.constant(garbage)
        tape.watch(watched)
        found = block(watched, QUERY, MASK)
    np.testing.assert_array_equal(found, block(X, QUERY, MASK))
    assert not found.numpy()[2].any()
    gradient = tape.gradient(found, watched).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[MASK == 0].any()
    assert gradient[MASK > 0].any(axis=1).all()
    padded = [(0, 0), (2, 1), (0, 0)]
    longer = block(np.pad(X, padded), QUERY, np.pad(MASK, padded[:2]))
    np.testing.assert_allclose(longer, found, rtol=1e-5, atol=1e-6)


def test_the_order_and_the_candidate_matter() -> None:
    block = make()
    found = block(X, QUERY, MASK).numpy()
    reversed_ = block(X[:, ::-1], QUERY, MASK[:, ::-1]).numpy()
    several = MASK.sum(1) > 1
    assert (np.abs(reversed_ - found).max(1) > 1e-3).tolist() == several.tolist()
    other = block(X, -QUERY, MASK).numpy()
    assert (np.abs(other - found).max(1) > 1e-3).tolist() == several.tolist()


def test_everything_learns() -> None:
    block = make()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(block(X, QUERY, MASK) ** 2)
    gradients = tape.gradient(loss, block.trainable_weights)
    assert len(gradients) == 7
    assert all(np.isfinite(one).all() and np.any(one) for one in gradients)


def test_seeds_decide_the_weights_and_the_recurrences_differ() -> None:
    first, again, other = (InterestEvolution(3, seed=seed) for seed in (5, 5, 6))
    outputs = [block(X, QUERY, MASK).numpy() for block in (first, again, other)]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])
    weights = first.get_weights()
    assert not np.allclose(weights[0], weights[3])
    assert not np.allclose(weights[1], weights[4])


def test_in_litert(check_litert: Callable[..., None]) -> None:
    check_litert(make(), X, QUERY, MASK)


def test_in_bfloat16(bfloat16: Any) -> None:
    found = make()(X, QUERY, MASK)
    assert found.dtype == bfloat16
    keras.mixed_precision.set_global_policy("float32")
    expected = make()(X, QUERY, MASK)
    np.testing.assert_allclose(tf.cast(found, tf.float32), expected, rtol=0.05, atol=0.05)
