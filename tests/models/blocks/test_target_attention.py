"""DIN's attention against its equation, one element at a time, and its laws."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.target_attention import TargetAttention
from models.keras import tf

Floats = npt.NDArray[Any]
RANDOM = np.random.default_rng(0)
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 1]], np.float32)
PRESENT = MASK[..., None] > 0
X = np.where(PRESENT, RANDOM.normal(size=(5, 4, 3)), 0).astype(np.float32)
QUERY = RANDOM.normal(size=(5, 3)).astype(np.float32)
both = pytest.mark.parametrize("softmax", [False, True])
ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "prelu": lambda x: np.where(x > 0, x, 0.25 * x),
    # In serving, before it has learned: mean 0, variance 1, slope 0.
    "dice": lambda x: x / (1 + np.exp(-x)),
}


def make(activation: str = "dice", softmax: bool = False, seed: int = 7) -> TargetAttention:
    block = TargetAttention((4, 2), activation=activation, softmax=softmax, seed=seed)
    block(X, QUERY, MASK)
    return block


def reference(block: TargetAttention, activation: str, softmax: bool) -> Floats:
    w1, b1, w2, b2, *_, w3, b3 = (
        one.numpy().astype(float) for one in block.trainable_weights if "slope" not in one.name
    )
    found = np.zeros((5, 3))
    for i in range(5):
        keys = X[i][MASK[i] > 0].astype(float)
        scores = []
        for key in keys:
            pair = np.concatenate([key, QUERY[i], key - QUERY[i], key * QUERY[i]])
            hidden = ACTIVATIONS[activation](pair @ w1 + b1)
            hidden = ACTIVATIONS[activation](hidden @ w2 + b2)
            scores.append((hidden @ w3 + b3)[0])
        weights = np.array(scores)
        if softmax and len(keys):
            weights = np.exp(weights) / np.exp(weights).sum()
        for key, weight in zip(keys, weights, strict=True):
            found[i] += weight * key
    return found


@both
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_the_equation(activation: str, softmax: bool) -> None:
    block = make(activation, softmax)
    shape = [one.shape for one in block.trainable_weights if "slope" not in one.name]
    assert shape == [(12, 4), (4,), (4, 2), (2,), (2, 1), (1,)]
    found = block(X, QUERY, MASK)
    assert found.shape == (5, block.output_dim(3))
    expected = reference(block, activation, softmax)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@both
@pytest.mark.parametrize("activation", ["sigmoid", "prelu"])
def test_training_computes_the_same(activation: str, softmax: bool) -> None:
    """Of present elements alone, where serving computes all and masks them."""
    block = make(activation, softmax)
    found = block(X, QUERY, MASK, training=True)
    np.testing.assert_allclose(found, block(X, QUERY, MASK), rtol=1e-5, atol=1e-6)


@both
@pytest.mark.parametrize("training", [False, True])
def test_padding_never_matters(softmax: bool, training: bool) -> None:
    """Nor do the moments learn of it; an empty sequence gives zeros."""
    clean, dirty = make(softmax=softmax), make(softmax=softmax)
    garbage = np.where(PRESENT, X, np.float32(np.nan))
    with tf.GradientTape() as tape:
        watched = tf.constant(garbage)
        tape.watch(watched)
        found = dirty(watched, QUERY, MASK, training=training)
    np.testing.assert_array_equal(found, clean(X, QUERY, MASK, training=training))
    assert not found.numpy()[2].any()
    for one, other in zip(clean.weights, dirty.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    gradient = tape.gradient(found, watched).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[MASK == 0].any()
    longer = np.pad(X, [(0, 0), (0, 2), (0, 0)]), QUERY, np.pad(MASK, [(0, 0), (0, 2)])
    np.testing.assert_allclose(make(softmax=softmax)(*longer, training=training), found, atol=1e-5)


@both
def test_the_order_of_the_elements_does_not_matter(softmax: bool) -> None:
    block = make(softmax=softmax)
    found = block(X[:, ::-1], QUERY, MASK[:, ::-1])
    np.testing.assert_allclose(found, block(X, QUERY, MASK), rtol=1e-5, atol=1e-6)


def test_softmax_weights_sum_to_one_and_the_paper_s_do_not() -> None:
    """Of elements of ones, the output is the sum of the weights."""
    ones = np.where(PRESENT, np.float32(1), 0) * np.ones(3, np.float32)
    found = make(softmax=True)(ones, QUERY, MASK)
    np.testing.assert_allclose(found, MASK.max(1)[:, None] * np.ones(3), rtol=1e-6)
    plain = make()(ones, QUERY, MASK).numpy()[:, 0]
    assert np.abs(plain[MASK.any(1)] - 1).min() > 1e-3
    np.testing.assert_allclose(
        plain[0], 2 * make()(ones[:, :2], QUERY, MASK[:, :2])[0, 0], rtol=1e-5
    )


@pytest.mark.parametrize("training", [False, True])
def test_of_one_example_and_of_none_with_a_history(training: bool) -> None:
    block = make("prelu")
    whole = block(X, QUERY, MASK)
    for i in (0, 2):
        one = slice(i, i + 1)
        found = block(X[one], QUERY[one], MASK[one], training=training)
        np.testing.assert_allclose(found, whole[one], rtol=1e-5, atol=1e-6)
    block = make("dice")
    before = [one.numpy() for one in block.weights]
    assert not block(X, QUERY, np.zeros_like(MASK), training=training).numpy().any()
    for one, other in zip(before, block.weights, strict=True):
        np.testing.assert_array_equal(one, other)


@both
def test_everything_learns(softmax: bool) -> None:
    block = make(softmax=softmax)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(block(X, QUERY, MASK, training=True) ** 2)
    gradients = tape.gradient(loss, block.trainable_weights)
    # A constant added to all scores does not move a softmax.
    learning = gradients[:-1] if softmax else gradients
    assert all(np.isfinite(one).all() and np.any(one) for one in learning)


def test_seeds_decide_the_weights() -> None:
    outputs = [make(seed=seed)(X, QUERY, MASK).numpy() for seed in (7, 7, 8)]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


@both
def test_in_litert(softmax: bool, check_litert: Callable[..., None]) -> None:
    block = make(softmax=softmax)
    block(X, QUERY, MASK, training=True)
    check_litert(block, X, QUERY, MASK)


@both
def test_in_bfloat16(softmax: bool, bfloat16: Any) -> None:
    block = make("dice", softmax)
    for training in (True, False):
        found = block(X, QUERY, MASK, training=training)
        assert found.dtype == bfloat16
        assert np.isfinite(tf.cast(found, tf.float32)).all()
    found = make("prelu", softmax)(X, QUERY, MASK)
    expected = reference(make("prelu", softmax), "prelu", softmax)
    np.testing.assert_allclose(tf.cast(found, tf.float32), expected, rtol=0.05, atol=0.05)


def test_it_starts_near_the_sum_or_mean_of_small_elements() -> None:
    """So that a history reaches the network as strongly as where it is pooled."""
    small = X / 1000
    total = small.sum(1)
    np.testing.assert_allclose(make()(small, QUERY / 1000, MASK), total, 0.01, 1e-5)
    mean = total / np.maximum(MASK.sum(1), 1)[:, None]
    found = make(softmax=True)(small, QUERY / 1000, MASK)
    np.testing.assert_allclose(found, mean, 0.01, 1e-5)
