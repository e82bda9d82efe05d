"""Towers against their parts, and weights of tasks against their sum."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.task_weights import TaskWeights
from models.blocks.towers import Towers
from models.keras import tf

X = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
BIASES = (0.5, -2.0)


def make(units: tuple[int, ...] = (4,), seed: int = 5, **mlp: Any) -> Towers:
    block = Towers(units, BIASES, seed=seed, **mlp)
    block(X)
    return block


def expected(weights: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Of one hidden layer each, the towers' weights and then the heads'."""
    columns = []
    for task in (0, 1):
        w, b = (one.astype(float) for one in weights[2 * task : 2 * task + 2])
        head, bias = (one.astype(float) for one in weights[4 + 2 * task : 6 + 2 * task])
        columns.append(np.maximum(X[:, task] @ w + b, 0) @ head[:, 0] + bias)
    return np.stack(columns, 1)


def test_the_equations() -> None:
    block = make()
    found = block(X)
    assert found.shape == (5, 2)
    np.testing.assert_allclose(found, expected(block.get_weights()), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(block(X[:1]), found[:1], rtol=1e-5, atol=1e-6)
    assert block.output_dim(3) == 1


def test_logits_start_at_their_biases() -> None:
    np.testing.assert_allclose(make()(np.zeros_like(X)), [BIASES] * 5)
    np.testing.assert_allclose(make(units=())(np.zeros_like(X)), [BIASES] * 5)


def test_a_task_reads_its_own_side_alone() -> None:
    block, other = make(), X.copy()
    other[:, 1] += 1
    found, moved = block(X).numpy(), block(other).numpy()
    np.testing.assert_array_equal(moved[:, 0], found[:, 0])
    assert (moved[:, 1] != found[:, 1]).any()


def test_seeds_decide_the_weights_and_no_two_are_alike() -> None:
    np.testing.assert_array_equal(make()(X), make()(X))
    assert (make()(X) != make(seed=6)(X)).numpy().any()
    kernels = [one for one in make().get_weights() if one.ndim > 1]
    assert not np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[2], kernels[3])


def test_in_litert_and_of_narrow_floats(check_litert: Any, bfloat16: Any) -> None:
    assert make()(tf.cast(X, bfloat16)).dtype == tf.float32
    tf.keras.mixed_precision.set_global_policy("float32")
    check_litert(make(), X)


@pytest.mark.parametrize("weights", [(1.0, 1.0), (2.0, 0.5)])
def test_weights_of_tasks(weights: tuple[float, float]) -> None:
    losses = tf.constant([0.25, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(losses)
        found = TaskWeights(weights)(losses)
    assert float(found) == weights[0] * 0.25 + weights[1] * 3
    np.testing.assert_array_equal(tape.gradient(found, losses), weights)
