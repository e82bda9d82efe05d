"""Layer norm, field by field."""

from __future__ import annotations

from models.keras import keras
from models.optimizers.optimizer import Tensor


class FieldNorm(keras.layers.Layer):
    """Layer norm of each field by itself, with a gain and a bias of the field's own.

    `(batch, fields, dim)` float32 to the same shape. LN_EMB of MaskNet, Wang, She & Zhang,
    DLP-KDD 2021 (https://arxiv.org/abs/2102.07619).
    """

    def build(self, input_shape: tuple[int | None, int, int]) -> None:
        self._norm = keras.layers.LayerNormalization(epsilon=1e-5, center=False, scale=False)
        self._gain = self.add_weight("gain", input_shape[1:], initializer="ones")
        self._bias = self.add_weight("bias", input_shape[1:], initializer="zeros")

    def call(self, inputs: Tensor) -> Tensor:
        if not inputs.shape[1]:  # LiteRT does not survive most operators on tensors of no values
            return inputs
        return self._norm(inputs) * self._gain + self._bias

    def output_dim(self, dim: int) -> int:
        return dim
