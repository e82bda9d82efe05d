"""From what a network has found of an example to a logit."""

from __future__ import annotations

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class Head(keras.layers.Layer):
    """w x + b: `(batch, any)` float32 to logits `(batch,)`; b starts at `bias`."""

    def __init__(self, bias: float = 0.0, *, seed: int = 0) -> None:
        super().__init__()
        self._dense = keras.layers.Dense(
            1,
            kernel_initializer=keras.initializers.GlorotNormal(seed=seed),
            bias_initializer=keras.initializers.Constant(bias),
        )

    def call(self, inputs: Tensor) -> Tensor:
        return self._dense(inputs)[:, 0]

    def output_dim(self, input_dim: int) -> int:  # noqa: ARG002
        return 1


class Linear(keras.layers.Layer):
    """sum_i w_i + u x + b, the weights of an example's ids and a linear map of its numerics.

    `(batch, fields, 1)` and `(batch, numerics)` float32 to logits `(batch,)`; b starts at `bias`.
    """

    def __init__(self, bias: float = 0.0, *, seed: int = 0) -> None:
        super().__init__()
        initial = keras.initializers.GlorotNormal(seed=seed)
        self._numerics = keras.layers.Dense(1, use_bias=False, kernel_initializer=initial)
        constant = keras.initializers.Constant(bias)
        self._bias = self.add_weight(name="bias", shape=(), initializer=constant)

    def call(self, weights: Tensor, numerics: Tensor) -> Tensor:
        logits = tf.reduce_sum(weights[:, :, 0], 1) + self._bias
        if not numerics.shape[1]:
            return logits
        return logits + self._numerics(numerics)[:, 0]

    def output_dim(self, input_dim: int) -> int:  # noqa: ARG002
        return 1
