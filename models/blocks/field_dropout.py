"""Dropout of whole fields."""

from __future__ import annotations

from models.blocks.dropout import Dropout
from models.keras import keras
from models.optimizers.optimizer import Tensor


class FieldDropout(keras.layers.Layer):
    """x_f * m_f / (1 - rate), where m_f is 0 with probability `rate` and otherwise 1.

    `(batch, fields, dim)` to the same. In training each field of each example is dropped whole
    or kept whole and scaled, so that its expectation is what serving gives: the network learns
    from a bag of features, and not to lean on one.

    Dropout, Srivastava et al., JMLR 2014 (https://jmlr.org/papers/v15/srivastava14a.html),
    section 10, which scales in training, with one draw a field.
    """

    def __init__(self, rate: float, *, seed: int = 0) -> None:
        super().__init__()
        self._dropout = Dropout(rate, whole=True, seed=seed)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        return self._dropout(inputs, training=training)

    def output_dim(self, input_dim: int) -> int:
        return input_dim
