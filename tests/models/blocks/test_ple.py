"""PLE against its equations, and who learns from whom."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.ple import PLE
from models.keras import tf

Floats = npt.NDArray[Any]
X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
TASKS = 2


def make(levels: int = 2, task: int = 2, shared: int = 1, seed: int = 5, **mlp: Any) -> PLE:
    block = PLE(
        TASKS, (4,), levels=levels, task_experts=task, shared_experts=shared, seed=seed, **mlp
    )
    block(X)
    return block


def reference(block: PLE, levels: int, task: int, shared: int) -> Floats:
    """Experts of one ReLU layer; example by example, as the paper has it."""
    found = np.zeros((len(X), TASKS, 4))
    for i, x in enumerate(X.astype(float)):
        weights = iter(block.get_weights())
        sides = [x] * (TASKS + 1)
        for level in range(levels):
            outputs: list[list[Floats]] = []
            for side, count in zip(sides, [task] * TASKS + [shared], strict=True):
                pairs = [(next(weights), next(weights)) for _ in range(count)]
                outputs.append([np.maximum(side @ w + b, 0) for w, b in pairs])
            seen = [[*one, *outputs[-1]] for one in outputs[:-1]]
            if level < levels - 1:
                seen.append([one for side in outputs for one in side])
            mixed = []
            for side, experts in zip(sides, seen, strict=False):
                scores = np.exp(side @ next(weights))
                gate = scores / scores.sum()
                assert len(gate) == len(experts)
                mixed.append(sum(g * one for g, one in zip(gate, experts, strict=True)))
            sides = mixed
        assert next(weights, None) is None
        found[i] = sides
    return found


@pytest.mark.parametrize(("levels", "task", "shared"), [(1, 1, 1), (1, 2, 3), (2, 2, 1), (3, 1, 2)])
def test_the_equations(levels: int, task: int, shared: int) -> None:
    block = make(levels, task, shared)
    found = block(X).numpy()
    assert found.shape == (5, TASKS, block.output_dim(3))
    np.testing.assert_allclose(found, reference(block, levels, task, shared), rtol=1e-4, atol=1e-6)
    alone = np.concatenate([block(x[None]) for x in X])
    np.testing.assert_allclose(alone, found, rtol=1e-5, atol=1e-6)


def learning(block: PLE, task: int) -> list[bool]:
    """Of each weight, whether the loss of one task moves it."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(block(X)[:, task] ** 2)
    gradients = tape.gradient(
        loss, block.trainable_weights, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return [bool(np.any(one)) for one in gradients]


def test_at_one_level_a_task_leaves_the_other_s_experts_alone() -> None:
    """Kernels and biases of task 0, of task 1, of the shared expert, and the two gates."""
    block = make(levels=1, task=1, activation="tanh")
    assert learning(block, 0) == [True, True, False, False, True, True, True, False]
    assert learning(block, 1) == [False, False, True, True, True, True, False, True]


def test_at_two_levels_the_shared_side_has_seen_all_experts() -> None:
    """Task 0 then reaches task 1's experts of the first level, but none of its gates."""
    found = learning(make(task=1, activation="tanh"), 0)
    first, second = found[:9], found[9:]
    assert first == [True] * 7 + [False, True]
    assert second == [True, True, False, False, True, True, True, False]


def test_experts_start_apart() -> None:
    kernels = [one for one in make(levels=3).get_weights() if one.shape == (4, 4)]
    assert len(kernels) == 10
    assert not any(np.allclose(a, b) for i, a in enumerate(kernels) for b in kernels[:i])


def test_seeds_decide_the_weights() -> None:
    outputs = [make(seed=seed)(X).numpy() for seed in (5, 5, 6)]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


def test_experts_take_what_an_mlp_takes() -> None:
    block = make(dropout=0.5)
    assert not np.allclose(block(X, training=True), block(X))
    np.testing.assert_array_equal(block(X, training=False), block(X))


def test_in_litert(check_litert: Callable[..., None]) -> None:
    check_litert(make(norm="batch", activation="prelu"), X)


def test_in_bfloat16(bfloat16: Any) -> None:
    block = make()
    with tf.GradientTape() as tape:
        found = block(X, training=True)
    assert found.dtype == bfloat16
    gradients = tape.gradient(found, block.trainable_weights)
    assert all(np.isfinite(one).all() for one in gradients)
