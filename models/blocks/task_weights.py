"""Weighing tasks as declared."""

from __future__ import annotations

from collections.abc import Sequence

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class TaskWeights(keras.layers.Layer):
    """sum_k w_k L_k: losses float32 (tasks,) to a scalar."""

    def __init__(self, weights: Sequence[float]) -> None:
        super().__init__(dtype="float32")  # the losses are, whatever the network computes in
        self._weights = tuple(weights)

    def call(self, losses: Tensor) -> Tensor:
        return tf.reduce_sum(tf.constant(self._weights, tf.float32) * losses)
