"""Fully connected layers."""

from __future__ import annotations

from collections.abc import Sequence

from models.blocks.dropout import Dropout
from models.keras import keras
from models.optimizers.optimizer import Tensor


class MLP(keras.layers.Layer):
    """h_{i+1} = dropout(activation(W_i h_i + b_i)).

    `(batch, any)` float32 to `(batch, output_dim)`. He initialisation for ReLU and its kin,
    Glorot for the saturating activations (He et al., ICCV 2015).
    """

    def __init__(
        self, units: Sequence[int], *, activation: str = "relu", dropout: float = 0.0, seed: int = 0
    ) -> None:
        super().__init__()
        saturating = activation in ("tanh", "sigmoid", "softsign")
        initial = keras.initializers.GlorotNormal if saturating else keras.initializers.HeNormal
        self._layers = [
            keras.layers.Dense(
                size, activation=activation, kernel_initializer=initial(seed=seed + i)
            )
            for i, size in enumerate(units)
        ]
        # None where there is nothing to drop: a layer would count in vain.
        self._dropouts = [Dropout(dropout, seed=seed + i) for i in range(len(units)) if dropout]
        self._units = tuple(units)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        hidden = inputs
        for i, layer in enumerate(self._layers):
            hidden = layer(hidden)
            if self._dropouts:
                hidden = self._dropouts[i](hidden, training=training)
        return hidden

    def output_dim(self, input_dim: int) -> int:
        return self._units[-1] if self._units else input_dim
