"""A tower for each task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.blocks.head import Head
from models.blocks.mlp import MLP
from models.blocks.seeds import spawn
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class Towers(keras.layers.Layer):
    """For each task k an MLP of its own and a head: `(batch, tasks, any)` to float32
    `(batch, tasks)`.

    Args:
        units: outputs of each tower's layers; none leaves the heads alone.
        biases: where the logits of each task start.
        seed: of the initial weights and of dropout.
        mlp: what else models.blocks.mlp takes.
    """

    def __init__(
        self, units: Sequence[int], biases: Sequence[float], *, seed: int = 0, **mlp: Any
    ) -> None:
        super().__init__()
        seeds = spawn(seed, 2 * len(biases))
        self._mlps = [MLP(units, seed=one, **mlp) for one in seeds[::2]]
        self._heads = [Head(bias, seed=one) for bias, one in zip(biases, seeds[1::2], strict=True)]

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        towers = zip(self._mlps, self._heads, strict=True)
        logits = [
            head(mlp(inputs[:, k], training=training)) for k, (mlp, head) in enumerate(towers)
        ]
        return tf.stack(logits, 1)

    def output_dim(self, input_dim: int) -> int:  # noqa: ARG002
        """Of each task."""
        return 1
