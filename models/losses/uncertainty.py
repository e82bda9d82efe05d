"""Weighing tasks by how uncertain they are."""

from __future__ import annotations

from collections.abc import Sequence

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class Uncertainty(keras.layers.Layer):
    """sum_k exp(-s_k) L_k + s_k / 2, with s_k = log sigma_k^2 learned, 0 at first.

    Losses L_k `(tasks,)`, or a sequence of scalars, to a scalar; all float32. Kendall, Gal &
    Cipolla, CVPR 2018 (https://arxiv.org/abs/1705.07115), equation 10 for classification; for a
    squared error give half of it. It is least where sigma_k^2 = 2 L_k: then each task's gradients
    are divided by twice its loss. A task whose loss is exactly 0, as of rows without weight,
    leaves its s_k alone.
    """

    def __init__(self, tasks: int) -> None:
        super().__init__(dtype="float32")  # the losses are, whatever the network computes in
        self.log_variances = self.add_weight("log_variances", (tasks,), initializer="zeros")

    def call(self, losses: Tensor | Sequence[Tensor]) -> Tensor:
        found = tf.convert_to_tensor(losses)  # (tasks,)
        terms = tf.exp(-self.log_variances) * found + self.log_variances / 2
        return tf.reduce_sum(tf.where(found == 0, 0.0, terms))
