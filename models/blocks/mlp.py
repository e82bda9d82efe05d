"""Fully connected layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from features.errors import ConfigError
from models.blocks.activation import SATURATING, activation_layer
from models.blocks.dropout import dropout_layer
from models.blocks.ghost_norm import GhostNorm
from models.keras import keras
from models.optimizers.optimizer import Tensor

Norm = Literal["none", "batch", "ghost", "layer"]
# Those of torch. Keras' own .99 takes hundreds of steps to forget where the moments started,
# more than an epoch of a small log has.
MOMENTUM, EPSILON = 0.9, 1e-5


class MLP(keras.layers.Layer):
    """h_{i+1} = dropout(activation(norm(W_i h_i + b_i))).

    `(batch, any)` float32 to `(batch, output_dim)`. He initialisation for ReLU and its kin,
    Glorot for the saturating activations (He et al., ICCV 2015). There is no b where the norm
    takes it out again.

    Args:
        units: outputs of each layer.
        activation: one of models.blocks.activation.
        dropout: the share of outputs dropped in training, of all layers or of each.
        norm: over the batch, over virtual batches of it, or over the units of an example.
        ghost_size: least rows of a virtual batch.
        seed: of the initial weights and of dropout.

    Raises:
        ConfigError: no such activation, or dropouts not as many as layers.
    """

    def __init__(
        self,
        units: Sequence[int],
        *,
        activation: str = "relu",
        dropout: float | Sequence[float] = 0.0,
        norm: Norm = "none",
        ghost_size: int = 256,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._units = tuple(units)
        rates = _each(dropout, len(self._units))
        initial = (
            keras.initializers.GlorotNormal
            if activation in SATURATING
            else keras.initializers.HeNormal
        )
        self._layers = [
            keras.layers.Dense(
                size,
                use_bias=norm not in ("batch", "ghost"),
                kernel_initializer=initial(seed=seed + i),
            )
            for i, size in enumerate(self._units)
        ]
        self._norms = [_norm(norm, ghost_size) for _ in self._units]
        self._activations = [activation_layer(activation) for _ in self._units]
        self._dropouts = [dropout_layer(rate, seed=seed + i) for i, rate in enumerate(rates)]

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        hidden = inputs
        for layer, norm, active, dropout in zip(
            self._layers, self._norms, self._activations, self._dropouts, strict=True
        ):
            hidden = active(norm(layer(hidden), training=training), training=training)
            hidden = dropout(hidden, training=training)
        return hidden

    def output_dim(self, input_dim: int) -> int:
        return self._units[-1] if self._units else input_dim


def _each(dropout: float | Sequence[float], layers: int) -> Sequence[float]:
    if isinstance(dropout, float | int):
        return [dropout] * layers
    if len(dropout) != layers:
        raise ConfigError(
            f"An MLP of {layers} layers must have one dropout, or one a layer; it has "
            f"{len(dropout)}. Give as many as there are layers."
        )
    return dropout


def _norm(norm: Norm, ghost_size: int) -> keras.layers.Layer:
    if norm == "batch":
        return keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON)
    if norm == "ghost":
        return GhostNorm(ghost_size, momentum=MOMENTUM, epsilon=EPSILON)
    if norm == "layer":
        return keras.layers.LayerNormalization(epsilon=EPSILON)
    return keras.layers.Activation("linear")
