"""Activations by name, those that learn among them."""

from __future__ import annotations

from typing import Literal, get_args

from features.errors import ConfigError
from features.suggest import listing, nearest
from models.blocks.ghost_norm import GhostNorm
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor

# Ours, and those of tf-keras that LiteRT computes with its built-in operators.
Activation = Literal[
    "dice",
    "elu",
    "gelu",
    "leaky_relu",
    "linear",
    "mish",
    "prelu",
    "relu",
    "selu",
    "sigmoid",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]
SATURATING = ("tanh", "sigmoid", "softsign")


class PReLU(keras.layers.Layer):
    """max(0, x) + a min(0, x), with an a learned for each of the last axis, from 0.25.

    `(..., dim)` to the same. He et al., ICCV 2015 (https://arxiv.org/abs/1502.01852), equation 1.
    """

    def build(self, shape: Tensor) -> None:
        quarter = keras.initializers.Constant(0.25)
        self._slope = self.add_weight(name="slope", shape=(shape[-1],), initializer=quarter)

    def call(self, inputs: Tensor) -> Tensor:
        return tf.nn.relu(inputs) + -self._slope * tf.nn.relu(-inputs)  # as LiteRT knows it

    def output_dim(self, input_dim: int) -> int:
        return input_dim


class Dice(keras.layers.Layer):
    """p(x) x + (1 - p(x)) a x, with p(x) = sigmoid((x - E[x]) / sqrt(Var[x] + 1e-8)).

    `(..., dim)` to the same; a is learned for each of the last axis, from 0 as in the authors'
    code. The moments are the batch's in training and moving ones in serving.

    DIN, Zhou et al., KDD 2018 (https://arxiv.org/abs/1706.06978), section 5.2.
    """

    def __init__(self, momentum: float = 0.9) -> None:
        super().__init__()
        self._normal = GhostNorm(None, affine=False, momentum=momentum, epsilon=1e-8)

    def build(self, shape: Tensor) -> None:
        self._slope = self.add_weight(name="slope", shape=(shape[-1],), initializer="zeros")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        share = tf.sigmoid(self._normal(inputs, training=training))
        return inputs * (share + (1 - share) * self._slope)

    def output_dim(self, input_dim: int) -> int:
        return input_dim


def activation_layer(name: str) -> keras.layers.Layer:
    """A layer of its own for each use; `gelu` is the exact one, x Phi(x).

    Raises:
        ConfigError: the name is none of `Activation`.
    """
    known = get_args(Activation)
    if name not in known:
        raise ConfigError(
            f"An activation must be one of {listing(known, len(known))}; it is '{name}'."
            f"{nearest(name, known)}"
        )
    if name == "prelu":
        return PReLU()
    return Dice() if name == "dice" else keras.layers.Activation(name)
