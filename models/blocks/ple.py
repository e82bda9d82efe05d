"""Progressive layered extraction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.blocks.mlp import MLP
from models.blocks.seeds import spawn
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class PLE(keras.layers.Layer):
    """Levels of task experts and shared ones, each of which a task's gate weighs for itself.

    At each level, task k gets softmax(W_k x_k) [f_k(x_k), f_s(x_s)], its own experts on what it
    got from the level below and the shared experts on what the shared side got; the shared side
    gets softmax(W_s x_s) of all experts' outputs, and none at the last level. At the first level
    x_k = x_s = x. Of one level it is CGC.

    `(batch, any)` to `(batch, tasks, output_dim)`.

    Tang et al., RecSys 2020 (https://doi.org/10.1145/3383313.3412236), sections 4.1 and 4.2.

    Args:
        tasks: how many.
        units: outputs of each expert's layers.
        levels: how many extraction networks stand on each other.
        task_experts: MLPs of each task at each level.
        shared_experts: MLPs of all tasks at each level.
        seed: of the initial weights and of dropout.
        mlp: what else models.blocks.mlp takes, for the experts.
    """

    def __init__(
        self,
        tasks: int,
        units: Sequence[int],
        *,
        levels: int = 2,
        task_experts: int = 1,
        shared_experts: int = 1,
        seed: int = 0,
        **mlp: Any,
    ) -> None:
        super().__init__()
        experts = [task_experts] * tasks + [shared_experts]
        self._levels = [
            _Level(experts, units, last=level == levels - 1, seed=one, **mlp)
            for level, one in enumerate(spawn(seed, levels))
        ]
        self._tasks = tasks

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        sides = [inputs] * (self._tasks + 1)
        for level in self._levels:
            sides = level(sides, training=training)
        return tf.stack(sides, 1)

    def output_dim(self, input_dim: int) -> int:
        """Of each task."""
        for level in self._levels:
            input_dim = level.output_dim(input_dim)
        return input_dim


class _Level(keras.layers.Layer):
    """From what each side got, the tasks' first and the shared last, to what each gets now."""

    def __init__(
        self, experts: Sequence[int], units: Sequence[int], *, last: bool, seed: int, **mlp: Any
    ) -> None:
        super().__init__()
        gates, *seeds = (spawn(one, 1 + max(experts)) for one in spawn(seed, 1 + len(experts)))
        self._experts = [
            [MLP(units, seed=one, **mlp) for one in row[:count]]
            for row, count in zip(seeds, experts, strict=True)
        ]
        *tasks, shared = experts
        sizes = [count + shared for count in tasks] + ([] if last else [sum(experts)])
        self._gates = [
            keras.layers.Dense(
                size, use_bias=False, kernel_initializer=keras.initializers.GlorotNormal(seed=one)
            )
            for size, one in zip(sizes, spawn(gates[0], len(sizes)), strict=True)
        ]

    def call(self, sides: Sequence[Tensor], training: bool = False) -> list[Tensor]:
        *own, shared = (
            [expert(side, training=training) for expert in experts]
            for side, experts in zip(sides, self._experts, strict=True)
        )
        seen = [[*one, *shared] for one in own]
        seen.append([*(expert for one in own for expert in one), *shared])
        return [
            _mix(gate(side), experts)
            for gate, side, experts in zip(self._gates, sides, seen, strict=False)
        ]

    def output_dim(self, input_dim: int) -> int:
        return self._experts[0][0].output_dim(input_dim)


def _mix(gate: Tensor, experts: Sequence[Tensor]) -> Tensor:
    """`(batch, experts)` and as many `(batch, dim)` to `(batch, dim)`."""
    return tf.matmul(tf.nn.softmax(gate)[:, None, :], tf.stack(experts, 1))[:, 0]
