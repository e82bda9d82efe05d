"""MaskNet's blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor

Structure = Literal["serial", "parallel"]


class MaskBlock(keras.layers.Layer):
    """activation(LN(W (mask * h))),  mask = W_2 relu(W_1 e + b_1) + b_2.

    The hidden h `(batch, any)` and the embedded instance e `(batch, any)`, float32, to
    `(batch, units)`. MaskNet, Wang, She & Zhang, DLP-KDD 2021 (https://arxiv.org/abs/2102.07619):
    the instance-guided mask and the mask block.

    Args:
        units: of the hidden layer.
        reduction: how many times as wide as h the mask's own hidden layer is.
        activation: of the hidden layer.
        dropout: of the output, in training.
        layer_norm: of the hidden layer.
        seed: of weights and dropout.
    """

    def __init__(
        self,
        units: int,
        *,
        reduction: float = 1.0,
        activation: str = "relu",
        dropout: float = 0.0,
        layer_norm: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._units, self._reduction, self._seed = units, reduction, seed
        self._hidden = self._dense(units, 0, use_bias=False)
        self._norm = keras.layers.LayerNormalization(epsilon=1e-5) if layer_norm else None
        self._activation = keras.layers.Activation(activation)
        self._dropout = keras.layers.Dropout(dropout, seed=seed + 3)

    def _dense(
        self, units: int, part: int, activation: str | None = None, use_bias: bool = True
    ) -> keras.layers.Layer:
        return keras.layers.Dense(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=keras.initializers.GlorotNormal(seed=self._seed + part),
        )

    def build(self, input_shape: tuple[int | None, int]) -> None:
        width = input_shape[-1]
        self._wide = self._dense(max(1, int(width * self._reduction)), 1, "relu")
        self._mask = self._dense(width, 2)

    def call(self, inputs: Tensor, embedded: Tensor, training: bool = False) -> Tensor:
        hidden = self._hidden(self._mask(self._wide(embedded)) * inputs)
        hidden = hidden if self._norm is None else self._norm(hidden)
        return self._dropout(self._activation(hidden), training=training)

    def output_dim(self) -> int:
        return self._units


class MaskBlocks(keras.layers.Layer):
    """Mask blocks of one instance e: `serial`, each on the output of the one before; `parallel`,
    all on the same input, their outputs side by side.

    The first input `(batch, any)`, the embeddings after a FieldNorm, and e `(batch, any)`,
    float32, to `(batch, output_dim)`. The arguments are those of MaskBlock, `units` one a block.
    """

    def __init__(
        self,
        units: Sequence[int],
        *,
        structure: Structure = "serial",
        reduction: float = 1.0,
        activation: str = "relu",
        dropout: float = 0.0,
        layer_norm: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._units, self._structure = tuple(units), structure
        self._blocks = [
            MaskBlock(
                size,
                reduction=reduction,
                activation=activation,
                dropout=dropout,
                layer_norm=layer_norm,
                seed=seed + 4 * i,
            )
            for i, size in enumerate(units)
        ]

    def call(self, inputs: Tensor, embedded: Tensor, training: bool = False) -> Tensor:
        if self._structure == "parallel":
            found = [block(inputs, embedded, training=training) for block in self._blocks]
            return tf.concat(found, 1)
        hidden = inputs
        for block in self._blocks:
            hidden = block(hidden, embedded, training=training)
        return hidden

    def output_dim(self) -> int:
        return sum(self._units) if self._structure == "parallel" else self._units[-1]
