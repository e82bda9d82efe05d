"""The last layer of a network."""

from __future__ import annotations

from models.keras import keras
from models.optimizers.optimizer import Tensor


class Head(keras.layers.Layer):
    """w x + b, in float32: `(batch, any)` to logits `(batch,)`.

    b starts at `bias`, w at Glorot's spread times `spread`: a small one where x does not start
    small, lest an untrained model be far from its bias.
    """

    def __init__(self, bias: float = 0.0, *, spread: float = 1.0, seed: int = 0) -> None:
        super().__init__(dtype="float32")
        self._dense = keras.layers.Dense(
            1,
            dtype="float32",
            kernel_initializer=keras.initializers.VarianceScaling(
                spread**2, "fan_avg", "truncated_normal", seed=seed
            ),
            bias_initializer=keras.initializers.Constant(bias),
        )

    def call(self, inputs: Tensor) -> Tensor:
        return self._dense(inputs)[:, 0]

    def output_dim(self, input_dim: int) -> int:  # noqa: ARG002
        return 1
