"""Ghost batch normalisation against the algorithm in numpy, part by part."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.ghost_norm import GhostNorm
from models.keras import tf

X = np.random.default_rng(0).normal(3, 2, (11, 4)).astype(np.float32)


def normal(rows: npt.NDArray[Any], epsilon: float = 1e-5) -> npt.NDArray[Any]:
    rows = rows.astype(float)
    return (rows - rows.mean(0)) / np.sqrt(rows.var(0) + epsilon)


def moving(block: GhostNorm) -> list[npt.NDArray[Any]]:
    return [one.numpy() for one in block.non_trainable_weights]


@pytest.mark.parametrize(
    ("size", "parts"),
    [(11, [11]), (20, [11]), (None, [11]), (6, [11]), (5, [6, 5]), (3, [4, 4, 3]), (1, [1] * 11)],
)
def test_parts_are_normalised_by_themselves(size: int | None, parts: list[int]) -> None:
    """As many as there are times `size` in the batch, and as even as can be."""
    found = GhostNorm(size)(X, training=True).numpy()
    cut = np.split(X, np.cumsum(parts)[:-1])
    np.testing.assert_allclose(found, np.concatenate([normal(one) for one in cut]), atol=1e-4)


def test_each_part_moves_the_moments_in_turn() -> None:
    """Parts of 4 rows and then 4; momentum .75, from mean 0 and variance 1."""
    block = GhostNorm(4, momentum=0.75)
    block(X[:8], training=True)
    mean, variance = np.zeros(4), np.ones(4)
    for part in (X[:4], X[4:8]):
        mean = 0.75 * mean + 0.25 * part.mean(0)
        variance = 0.75 * variance + 0.25 * part.var(0)
    np.testing.assert_allclose(moving(block), [mean, variance], rtol=1e-5)
    expected = (X - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(block(X), expected, rtol=1e-4, atol=1e-5)


def test_serving_leaves_the_moments_and_rows_apart() -> None:
    block = GhostNorm(4)
    block(X, training=True)
    before = moving(block)
    whole = block(X).numpy()
    np.testing.assert_allclose(np.concatenate([block(row[None]) for row in X]), whole, rtol=1e-5)
    np.testing.assert_array_equal(moving(block), before)


def test_gamma_and_beta() -> None:
    block = GhostNorm(None)
    block(X)
    block.set_weights([np.full(4, 2.0), np.full(4, -1.0), *moving(block)])
    np.testing.assert_allclose(block(X, training=True), 2 * normal(X) - 1, atol=1e-4)
    assert len(block.trainable_weights) == 2
    plain = GhostNorm(None, affine=False)
    plain(X)
    assert not plain.trainable_weights


def test_gradients_are_those_of_the_formula() -> None:
    """Through the moments too: each part's normalised rows cannot move along their mean."""
    block = GhostNorm(5)
    with tf.GradientTape() as tape:
        watched = tf.constant(X)
        tape.watch(watched)
        loss = tf.reduce_sum(block(watched, training=True)[:6, 0] ** 3)
    gradient = tape.gradient(loss, watched).numpy()
    assert not gradient[6:].any()
    assert np.abs(gradient[:6, 0]).max() > 1e-3
    assert gradient[:6, 0].sum() == pytest.approx(0, abs=1e-4)
    step = 1e-3
    for row in (0, 5):
        moved = X[:6, 0].astype(float).copy()
        moved[row] += step
        other = X[:6, 0].astype(float).copy()
        other[row] -= step
        slope = ((normal(moved) ** 3).sum() - (normal(other) ** 3).sum()) / (2 * step)
        assert gradient[row, 0] == pytest.approx(slope, rel=1e-2, abs=1e-3)


def test_one_row_and_none() -> None:
    """One row is its own mean; no rows leave the moments alone."""
    block = GhostNorm(4)
    np.testing.assert_array_equal(block(X[:1], training=True), np.zeros((1, 4)))
    before = moving(block)
    assert block(X[:0], training=True).shape == (0, 4)
    np.testing.assert_array_equal(moving(block), before)


def test_positions_count_as_rows() -> None:
    cube = X[:8].reshape(4, 2, 4)
    block, flat = GhostNorm(3), GhostNorm(3)
    found = block(cube, training=True)
    np.testing.assert_array_equal(found, tf.reshape(flat(X[:8], training=True), [4, 2, 4]))
    np.testing.assert_array_equal(block(cube), tf.reshape(flat(X[:8]), [4, 2, 4]))


def test_a_graph_of_any_batch_size() -> None:
    block = GhostNorm(4)
    learn = tf.function(
        lambda rows: block(rows, training=True), input_signature=[tf.TensorSpec([None, 4])]
    )
    for rows in (11, 1, 8):
        expected = GhostNorm(4)(X[:rows], training=True)
        np.testing.assert_allclose(learn(X[:rows]), expected, atol=1e-5)


def test_in_litert(check_litert: Callable[..., None]) -> None:
    block = GhostNorm(4)
    block(X, training=True)
    check_litert(block, X)


def test_in_bfloat16_the_moments_keep_their_digits(bfloat16: Any) -> None:
    """Of values that bfloat16 has exactly."""
    rows = tf.cast(tf.cast(X, bfloat16), tf.float32)
    block = GhostNorm(4, momentum=0.0)
    found = block(rows, training=True)
    assert found.dtype == bfloat16
    assert all(one.dtype == tf.float32 for one in block.weights)
    np.testing.assert_allclose(moving(block)[0], rows[6:].numpy().mean(0), rtol=1e-6)
