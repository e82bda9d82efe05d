"""Factorization machines."""

from __future__ import annotations

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class FactorizationMachine(keras.layers.Layer):
    """sum over i < j of v_i * v_j  =  1/2 ((sum_i v_i)^2 - sum_i v_i^2), element by element.

    `(batch, fields, dim)` float32 to `(batch, 1)`, the sum over the elements (Rendle, ICDM 2010,
    https://doi.org/10.1109/ICDM.2010.127, Lemma 3.1); `pooled` keeps them, `(batch, dim)`: the
    bi-interaction of NFM (He & Chua, SIGIR 2017, https://arxiv.org/abs/1708.05027, equation 4).
    Zeros where there are fewer than two fields. Always in float32: the squares nearly cancel.
    """

    def __init__(self, *, pooled: bool = False) -> None:
        super().__init__(dtype="float32")
        self._pooled = pooled

    def call(self, inputs: Tensor) -> Tensor:
        total = tf.reduce_sum(inputs, 1)
        crossed = 0.5 * (total * total - tf.reduce_sum(inputs * inputs, 1))  # (batch, dim)
        return crossed if self._pooled else tf.reduce_sum(crossed, 1, keepdims=True)

    def output_dim(self, dim: int) -> int:
        return dim if self._pooled else 1
