"""Explicit feature crosses by one vector a layer."""

from __future__ import annotations

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class CrossVectors(keras.layers.Layer):
    """x_{l+1} = x_0 (x_l . w_l) + b_l + x_l.

    `(batch, dim)` float32 to `(batch, dim)`. DCN, Wang et al., ADKDD 2017
    (https://arxiv.org/abs/1708.05123), equation 3.
    """

    def __init__(self, layers: int, *, seed: int = 0) -> None:
        super().__init__()
        self._depth, self._seed = layers, seed

    def build(self, shape: Tensor) -> None:
        self._vectors = [
            self.add_weight(
                name=f"vector{i}",
                shape=(shape[-1], 1),
                initializer=keras.initializers.GlorotNormal(seed=self._seed + i),
            )
            for i in range(self._depth)
        ]
        self._biases = [
            self.add_weight(name=f"bias{i}", shape=(shape[-1],), initializer="zeros")
            for i in range(self._depth)
        ]

    def call(self, inputs: Tensor) -> Tensor:
        crossed = inputs
        for vector, bias in zip(self._vectors, self._biases, strict=True):
            crossed = inputs * tf.matmul(crossed, vector) + bias + crossed
        return crossed

    def output_dim(self, input_dim: int) -> int:
        return input_dim
