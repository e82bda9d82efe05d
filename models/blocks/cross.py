"""Explicit feature crosses."""

from __future__ import annotations

from models.keras import keras, recommenders
from models.optimizers.optimizer import Tensor


class CrossNetwork(keras.layers.Layer):
    """x_{l+1} = x_0 * (W_l x_l + b_l) + x_l, with W_l = U_l V_l where a `rank` is given.

    `(batch, dim)` float32 to `(batch, dim)`. DCN-V2, Wang et al., WWW 2021
    (https://arxiv.org/abs/2008.13535), equations 1 and 2, built from the TensorFlow
    Recommenders layer.
    """

    def __init__(self, layers: int, *, rank: int | None = None, seed: int = 0) -> None:
        super().__init__()
        self._layers = [
            recommenders.layers.feature_interaction.Cross(
                projection_dim=rank,
                kernel_initializer=keras.initializers.GlorotNormal(seed=seed + i),
            )
            for i in range(layers)
        ]

    def call(self, inputs: Tensor) -> Tensor:
        crossed = inputs
        for layer in self._layers:
            crossed = layer(inputs, crossed)
        return crossed

    def output_dim(self, input_dim: int) -> int:
        return input_dim
