"""NFM."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.fm import FactorizationMachine
from models.blocks.head import Head, Linear
from models.deep import EMBEDDING, WIDE, FirstOrderConfig
from models.keras import keras, tf
from models.network import NUMERIC, Inputs
from models.optimizers.optimizer import Tensor


class NFM(FirstOrderConfig):
    """An MLP over the sum of all products of two embeddings, and a linear part.

    Neural factorization machines, He & Chua, SIGIR 2017 (https://arxiv.org/abs/1708.05027). The
    numerics go to the MLP beside that sum.
    """

    type: Literal["nfm"] = "nfm"

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> keras.layers.Layer:
        return _Network(self, seed, bias)


class _Network(keras.layers.Layer):
    def __init__(self, config: NFM, seed: int, bias: float) -> None:
        super().__init__()
        self._linear = Linear(bias, seed=seed)
        self._pairs = FactorizationMachine(pooled=True)
        self._deep = config.mlp(seed + 100)
        self._head = Head(seed=seed + 200)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first = tf.concat([self._pairs(inputs[EMBEDDING]), inputs[NUMERIC]], 1)
        deep = self._deep(first, training=training)
        return self._linear(inputs[WIDE], inputs[NUMERIC]) + self._head(deep)
