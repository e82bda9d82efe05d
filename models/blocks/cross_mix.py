"""Feature crosses by a mixture of low-rank experts."""

from __future__ import annotations

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class CrossMix(keras.layers.Layer):
    """x_{l+1} = sum_i G_i(x_l) E_i(x_l) + x_l,
    E_i(x_l) = x_0 * (U_i g(C_i g(V_i^T x_l)) + b).

    `(batch, dim)` float32 to `(batch, dim)`. G is a softmax over the experts of a linear map,
    one for all layers, as G has no layer index in the paper. DCN-Mix, Wang et al., WWW 2021
    (https://arxiv.org/abs/2008.13535), equations 3 to 5.
    """

    def __init__(
        self,
        layers: int,
        *,
        experts: int = 4,
        rank: int = 32,
        activation: str = "tanh",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._gate = keras.layers.Dense(
            experts, use_bias=False, kernel_initializer=keras.initializers.GlorotNormal(seed=seed)
        )
        self._crosses = [
            _Cross(experts, rank, activation, seed + 1 + 3 * experts * i) for i in range(layers)
        ]

    def call(self, inputs: Tensor) -> Tensor:
        crossed = inputs
        for cross in self._crosses:
            # The gates sum to 1, so that the bias, which all experts share, is added once.
            crossed = inputs * cross(crossed, self.gates(crossed)) + crossed
        return crossed

    def gates(self, inputs: Tensor) -> Tensor:
        """How much each expert counts: `(batch, experts)`, rows that sum to 1."""
        return tf.nn.softmax(self._gate(inputs), axis=1)

    def output_dim(self, input_dim: int) -> int:
        return input_dim


class _Cross(keras.layers.Layer):
    """sum_i G_i U_i g(C_i g(V_i^T x)) + b, the experts side by side in three products."""

    def __init__(self, experts: int, rank: int, activation: str, seed: int) -> None:
        super().__init__()
        self._experts, self._rank, self._seed = experts, rank, seed
        self._activation = keras.activations.get(activation)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        dim, rank = input_shape[-1], self._rank
        self._v = self._experts_of("v", [dim, rank], 0)
        self._c = self._experts_of("c", [rank, rank], 1)
        self._u = self._experts_of("u", [rank, dim], 2)
        self._bias = self.add_weight("bias", [dim], initializer="zeros")

    def _experts_of(self, name: str, shape: list[int | None], part: int) -> Tensor:
        """`(experts, *shape)`, each expert's matrix drawn by itself at its own fan-in."""
        first = self._seed + part * self._experts

        def initial(_: object, dtype: object = None) -> Tensor:
            draw = [
                keras.initializers.GlorotNormal(seed=first + i)(shape, dtype)
                for i in range(self._experts)
            ]
            return tf.stack(draw)

        return self.add_weight(name, [self._experts, *shape], initializer=initial)

    def call(self, inputs: Tensor, gates: Tensor) -> Tensor:
        low = self._activation(tf.einsum("bd,edr->ber", inputs, self._v))
        low = self._activation(tf.einsum("ber,ers->bes", low, self._c))
        return tf.einsum("ber,erd->bd", low * gates[:, :, None], self._u) + self._bias
