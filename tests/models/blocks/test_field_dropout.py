"""Fields dropped whole, in training alone, at no change of their expectation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.blocks.field_dropout import FieldDropout
from models.keras import tf

X = np.random.default_rng(0).normal(size=(6, 5, 3)).astype(np.float32)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_fields_are_dropped_whole_or_scaled(rate: float) -> None:
    rows = np.repeat(X, 300, 0)
    found = FieldDropout(rate)(rows, training=True).numpy()
    dropped = (found == 0).all(2)
    expected = np.where(dropped[..., None], 0, rows / (1 - rate))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    error = np.sqrt(rate * (1 - rate) / dropped.size)
    assert dropped.mean() == pytest.approx(rate, abs=5 * error)


def test_fields_are_dropped_apart() -> None:
    """One field's draw says nothing of another's, nor one example's."""
    dropped = (FieldDropout(0.5)(np.ones((4000, 5, 3)), training=True).numpy() == 0).all(2)
    correlation = np.corrcoef(dropped.T)
    assert np.abs(correlation - np.eye(5)).max() < 5 / np.sqrt(4000)
    assert np.abs(np.corrcoef(dropped[:-1, 0], dropped[1:, 0])[0, 1]) < 5 / np.sqrt(4000)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_the_expectation_is_that_of_serving(rate: float) -> None:
    """The mean of 4000 draws, within 5 standard errors of each value."""
    draws = 4000
    block = FieldDropout(rate, seed=1)
    found = block(np.repeat(X[:1], draws, 0), training=True).numpy().mean(0)
    serving = block(X[:1]).numpy()[0]
    np.testing.assert_array_equal(serving, X[0])
    assert (
        np.abs(found - serving) < 5 * np.abs(serving) * np.sqrt(rate / (1 - rate) / draws)
    ).all()


def test_seeds_decide_the_draws_of_a_graph() -> None:
    def draws(seed: int) -> Any:
        block = FieldDropout(0.5, seed=seed)
        learn = tf.function(lambda rows: block(rows, training=True))
        return np.stack([learn(X), learn(X)])

    first, again, other = draws(0), draws(0), draws(1)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first[0], first[1])


def test_a_graph_of_any_batch_size() -> None:
    block = FieldDropout(0.5)
    learn = tf.function(
        lambda rows: block(rows, training=True), input_signature=[tf.TensorSpec([None, 5, 3])]
    )
    for rows in (6, 1):
        found = learn(X[:rows]).numpy()
        kept = found != 0
        np.testing.assert_allclose(found[kept], 2 * X[:rows][kept], rtol=1e-6)
        assert (kept.all(2) == kept.any(2)).all()


def test_in_litert(check_litert: Callable[..., None]) -> None:
    check_litert(FieldDropout(0.5), X)


def test_in_bfloat16(bfloat16: Any) -> None:
    found = FieldDropout(0.5)(np.ones((6, 5, 3), np.float32), training=True)
    assert found.dtype == bfloat16
    assert set(np.unique(tf.cast(found, tf.float32))) == {0.0, 2.0}
