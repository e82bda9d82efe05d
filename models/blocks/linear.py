"""The first-order part of a model."""

from __future__ import annotations

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class FirstOrder(keras.layers.Layer):
    """b + sum_i w_i + sum_k u_k x_k: the looked-up weights of the ids, and a linear map of the
    numerics.

    `(batch, fields, 1)` and `(batch, numerics)`, float32, to `(batch, 1)`; either may be empty.
    b starts at `bias`, u at zero, as in a linear model. Always in float32: bfloat16 would leave
    a sum of many small weights three digits.
    """

    def __init__(self, *, bias: float = 0.0) -> None:
        super().__init__(dtype="float32")
        self._start = bias
        self._numeric = keras.layers.Dense(
            1, use_bias=False, kernel_initializer="zeros", dtype="float32"
        )

    def build(self, input_shape: tuple[int | None, int, int]) -> None:  # noqa: ARG002
        start = keras.initializers.Constant(self._start)
        self._bias = self.add_weight("bias", [1], initializer=start)

    def call(self, inputs: Tensor, numerics: Tensor) -> Tensor:
        total = tf.reduce_sum(inputs, 1) + self._bias
        return total + self._numeric(numerics) if numerics.shape[1] else total

    def output_dim(self) -> int:
        return 1
