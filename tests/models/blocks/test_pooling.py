"""Pooled sequences against numpy over the present elements of each example."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from models.blocks.pooling import Mode, Pooling
from models.keras import tf

MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 1]], np.float32)
PRESENT = MASK[..., None] > 0
X = np.where(PRESENT, np.random.default_rng(0).normal(-1, 2, (5, 4, 3)), 0).astype(np.float32)
REFERENCE: dict[str, Callable[[Any], Any]] = {
    "mean": lambda one: one.mean(0),
    "sum": lambda one: one.sum(0),
    "max": lambda one: one.max(0),
    "last": lambda one: one[-1],
}
every = pytest.mark.parametrize("mode", get_args(Mode))


def expected(mode: Mode) -> Any:
    return [
        REFERENCE[mode](x[m > 0]) if m.any() else np.zeros(3) for x, m in zip(X, MASK, strict=True)
    ]


@every
@pytest.mark.parametrize("garbage", [0.0, 99.0, np.nan, np.inf])
def test_present_elements_alone_matter(mode: Mode, garbage: float) -> None:
    elements = np.where(PRESENT, X, np.float32(garbage))
    with tf.GradientTape() as tape:
        watched = tf.constant(elements)
        tape.watch(watched)
        found = Pooling(mode)(watched, MASK)
    np.testing.assert_allclose(found, expected(mode), rtol=1e-5, atol=1e-6)
    gradient = tape.gradient(found, watched).numpy()
    assert not gradient[MASK == 0].any()
    total = np.repeat(MASK.sum(1, keepdims=True), 3, 1) if mode == "sum" else MASK.any(1)[:, None]
    np.testing.assert_allclose(gradient.sum(1), np.broadcast_to(total, (5, 3)), rtol=1e-6)


@every
def test_of_one_example(mode: Mode) -> None:
    block = Pooling(mode)
    for i in range(5):
        found = block(X[i : i + 1], MASK[i : i + 1])
        assert found.shape == (1, block.output_dim(3))
        np.testing.assert_allclose(found[0], expected(mode)[i], rtol=1e-5, atol=1e-6)


@every
def test_the_order_matters_to_the_last_alone(mode: Mode) -> None:
    same = np.allclose(Pooling(mode)(X[:, ::-1], MASK[:, ::-1]), expected(mode), atol=1e-5)
    assert same == (mode != "last")


@every
def test_in_litert(mode: Mode, check_litert: Callable[..., None]) -> None:
    check_litert(Pooling(mode), X, MASK)


@every
def test_in_bfloat16(mode: Mode, bfloat16: Any) -> None:
    found = Pooling(mode)(X, MASK)
    assert found.dtype == bfloat16
    np.testing.assert_allclose(tf.cast(found, tf.float32), expected(mode), rtol=0.02, atol=0.05)


def test_positions_beyond_the_digits_of_bfloat16(bfloat16: Any) -> None:
    """300 elements: bfloat16 counts to 256."""
    elements = np.zeros((1, 300, 1), np.float32)
    elements[0, 299] = 1
    mask = np.ones((1, 300), np.float32)
    assert float(Pooling("last")(elements, mask)[0, 0]) == 1
