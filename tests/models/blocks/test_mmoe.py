"""MMoE against its equations, and the laws of its gates."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.mmoe import MMoE
from models.keras import tf

Floats = npt.NDArray[Any]
X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
TASKS, EXPERTS = 2, 3


def make(units: tuple[int, ...] = (4, 6), seed: int = 5, **mlp: Any) -> MMoE:
    block = MMoE(TASKS, EXPERTS, units, seed=seed, **mlp)
    block(X)
    return block


def parts(block: MMoE) -> tuple[list[list[Floats]], Floats]:
    """The weights of each expert, and the gates' `(input, tasks, experts)`."""
    *experts, gates = (one.astype(float) for one in block.get_weights())
    size = len(experts) // EXPERTS
    split = [experts[i : i + size] for i in range(0, len(experts), size)]
    return split, gates.reshape(3, TASKS, EXPERTS)


def softmax(scores: Floats) -> Floats:
    return np.exp(scores) / np.exp(scores).sum()


def test_the_equations() -> None:
    block = make()
    experts, gates = parts(block)
    found = block(X)
    assert found.shape == (5, TASKS, block.output_dim(3))
    for i, x in enumerate(X.astype(float)):
        outputs = []
        for w1, b1, w2, b2 in experts:
            hidden = np.maximum(x @ w1 + b1, 0)
            outputs.append(np.maximum(hidden @ w2 + b2, 0))
        for task in range(TASKS):
            gate = softmax(x @ gates[:, task])
            expected = sum(g * one for g, one in zip(gate, outputs, strict=True))
            np.testing.assert_allclose(found[i, task], expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(block(X[i : i + 1])[0], found[i], rtol=1e-5, atol=1e-6)


def test_gates_sum_to_one_and_vary_with_the_input_and_the_task() -> None:
    """Experts that give their own number as a one-hot make the output the gate."""
    block = MMoE(TASKS, EXPERTS, (EXPERTS,), activation="linear", seed=5)
    block(X)
    *_, gates = block.get_weights()
    ones = [one for row in np.eye(EXPERTS) for one in (np.zeros((3, EXPERTS)), row)]
    block.set_weights([*ones, gates])
    found = block(X).numpy()
    np.testing.assert_allclose(found.sum(2), np.ones((5, TASKS)), rtol=1e-6)
    assert (np.ptp(found, axis=0) > 1e-2).all()
    assert np.abs(found[:, 0] - found[:, 1]).max() > 1e-2
    assert (found > 0).all()


def test_experts_start_apart() -> None:
    experts, _ = parts(make())
    kernels = [one[0] for one in experts]
    assert not any(np.allclose(kernels[i], kernels[j]) for i, j in ((0, 1), (0, 2), (1, 2)))


def test_a_task_s_gate_learns_from_that_task_alone() -> None:
    block = make()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(block(X)[:, 1] ** 2)
    *shared, gates = tape.gradient(loss, block.trainable_weights)
    gates = gates.numpy().reshape(3, TASKS, EXPERTS)
    assert not gates[:, 0].any()
    assert gates[:, 1].any()
    assert any(np.any(one) for one in shared)


def test_experts_take_what_an_mlp_takes() -> None:
    block = make(dropout=0.5, norm="layer", activation="prelu")
    assert not np.allclose(block(X, training=True), block(X))
    np.testing.assert_array_equal(block(X, training=False), block(X))


def test_seeds_decide_the_weights() -> None:
    outputs = [make(seed=seed)(X).numpy() for seed in (5, 5, 6)]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


def test_in_litert(check_litert: Callable[..., None]) -> None:
    check_litert(make(norm="ghost", activation="dice"), X)


def test_in_bfloat16(bfloat16: Any) -> None:
    found = make()(X)
    assert found.dtype == bfloat16
    block = make()
    assert all(one.dtype == tf.float32 for one in block.weights)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.cast(block(X, training=True), tf.float32))
    gradients = tape.gradient(loss, block.trainable_weights)
    assert all(np.isfinite(one).all() for one in gradients)


@pytest.mark.parametrize(("tasks", "experts"), [(1, 1), (3, 2)])
def test_any_number_of_tasks_and_experts(tasks: int, experts: int) -> None:
    """With one expert every task gets what it gives."""
    found = MMoE(tasks, experts, (4,))(X).numpy()
    assert found.shape == (5, tasks, 4)
    same = [np.allclose(found[:, 0], found[:, k]) for k in range(tasks)]
    assert all(same) == (experts == 1)
