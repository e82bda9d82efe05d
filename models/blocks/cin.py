"""The Compressed Interaction Network."""

from __future__ import annotations

from collections.abc import Sequence

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class CompressedInteraction(keras.layers.Layer):
    """x^k_h = activation(sum_ij W^k_hij (x^{k-1}_i * x^0_j) + b^k_h);  p^k_h = sum of x^k_h.

    `(batch, fields, dim)` float32 to `(batch, output_dim)`, the p of all layers. With
    `split_half` the next layer sees the first half of a layer's maps, and the output has the
    rest alone (of the last layer, all). xDeepFM, Lian et al., KDD 2018
    (https://arxiv.org/abs/1803.05170), section 3.1, whose equations have no bias; their code and
    FuxiCTR's do. Zeros where there are no fields.
    """

    def __init__(
        self,
        units: Sequence[int],
        *,
        activation: str = "linear",
        split_half: bool = False,
        bias: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._maps = [
            InteractionLayer(size, activation=activation, bias=bias, seed=seed + i)
            for i, size in enumerate(units)
        ]
        passed = [size // 2 for size in units[:-1]] if split_half else [0] * len(units[:-1])
        self._passed = [*passed, 0]  # how many maps of a layer only the next one sees
        self._units = tuple(units)

    def call(self, inputs: Tensor) -> Tensor:
        if not inputs.shape[1]:
            return tf.zeros([tf.shape(inputs)[0], self.output_dim()], inputs.dtype)
        first = tf.transpose(inputs, [0, 2, 1])  # (batch, dim, fields)
        maps, pooled = first, []
        for layer, passed in zip(self._maps, self._passed, strict=True):
            maps = layer(maps, first)
            pooled.append(tf.reduce_sum(maps[:, :, passed:], 1))
            maps = maps[:, :, :passed] if passed else maps
        return tf.concat(pooled, 1)

    def output_dim(self) -> int:
        return sum(self._units) - sum(self._passed)


class InteractionLayer(keras.layers.Layer):
    """One x^k: maps `(batch, dim, any)` and fields `(batch, dim, fields)` to `(batch, dim, units)`.

    It holds `(batch, dim, any * fields)` in between, the most that a model here does.
    """

    def __init__(self, units: int, *, activation: str, bias: bool, seed: int) -> None:
        super().__init__()
        self._map = keras.layers.Dense(
            units,
            activation=activation,
            use_bias=bias,
            kernel_initializer=keras.initializers.GlorotNormal(seed=seed),
        )

    def call(self, maps: Tensor, first: Tensor) -> Tensor:
        _, dim, fields = first.shape
        crossed = maps[:, :, :, None] * first[:, :, None, :]
        return self._map(tf.reshape(crossed, [-1, dim, maps.shape[2] * fields]))
