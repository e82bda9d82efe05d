"""Explicit feature crosses."""

from __future__ import annotations

from models.keras import keras
from models.optimizers.optimizer import Tensor


class CrossNetwork(keras.layers.Layer):
    """x_{l+1} = x_0 * (W_l x_l + b_l) + x_l, with W_l = U_l V_l where a `rank` is given.

    `(batch, dim)` to `(batch, dim)`. DCN-V2, Wang et al., WWW 2021
    (https://arxiv.org/abs/2008.13535), equations 1 and 2. The layer of TensorFlow Recommenders
    is the same, but multiplies in float32 whatever the precision.
    """

    def __init__(self, layers: int, *, rank: int | None = None, seed: int = 0) -> None:
        super().__init__()
        self._layers = [_Linear(rank, seed + i) for i in range(layers)]

    def call(self, inputs: Tensor) -> Tensor:
        crossed = inputs
        for layer in self._layers:
            crossed = inputs * layer(crossed) + crossed
        return crossed

    def output_dim(self, input_dim: int) -> int:
        return input_dim


class _Linear(keras.layers.Layer):
    """W x + b, of its input's width."""

    def __init__(self, rank: int | None, seed: int) -> None:
        super().__init__()
        self._rank, self._seed = rank, seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        def dense(units: int | None, *, use_bias: bool = True) -> keras.layers.Layer:
            # Equal seeds, unequal shapes: U and V are drawn apart.
            initial = keras.initializers.GlorotNormal(seed=self._seed)
            return keras.layers.Dense(units, use_bias=use_bias, kernel_initializer=initial)

        with_bias = dense(input_shape[-1])
        low = [] if self._rank is None else [dense(self._rank, use_bias=False)]
        self._parts = [*low, with_bias]

    def call(self, inputs: Tensor) -> Tensor:
        for part in self._parts:
            inputs = part(inputs)
        return inputs
