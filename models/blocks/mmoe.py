"""Multi-gate mixture of experts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.blocks.mlp import MLP
from models.blocks.seeds import spawn
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class MMoE(keras.layers.Layer):
    """For each task k: sum_i softmax(W_k x)_i f_i(x), over experts f_i that all tasks share.

    `(batch, any)` to `(batch, tasks, output_dim)`.

    Ma et al., KDD 2018 (https://doi.org/10.1145/3219819.3220007), section 4.2.

    Args:
        tasks: how many gates.
        experts: how many MLPs.
        units: outputs of each expert's layers.
        seed: of the initial weights and of dropout.
        mlp: what else models.blocks.mlp takes, for the experts.
    """

    def __init__(
        self, tasks: int, experts: int, units: Sequence[int], *, seed: int = 0, **mlp: Any
    ) -> None:
        super().__init__()
        gates, *seeds = spawn(seed, 1 + experts)
        self._tasks = tasks
        self._experts = [MLP(units, seed=one, **mlp) for one in seeds]
        # Of a scale that the number of tasks does not change.
        initial = keras.initializers.LecunNormal(seed=gates)
        self._gates = keras.layers.Dense(
            tasks * experts, use_bias=False, kernel_initializer=initial
        )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        found = tf.stack([expert(inputs, training=training) for expert in self._experts], 1)
        gates = tf.reshape(self._gates(inputs), [-1, self._tasks, len(self._experts)])
        return tf.matmul(tf.nn.softmax(gates), found)

    def output_dim(self, input_dim: int) -> int:
        """Of each task."""
        return self._experts[0].output_dim(input_dim)
