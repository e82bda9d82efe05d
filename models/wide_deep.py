"""Wide & Deep."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from features.layout import Layout
from models.blocks.flatten import flatten
from models.blocks.mlp import MLP
from models.keras import keras, tf
from models.network import NUMERIC, Activation, Inputs, ModelConfig, TableSpec, Unit
from models.optimizers.optimizer import Tensor


class WideDeep(ModelConfig):
    """A linear model of the ids (wide, on FTRL) plus an MLP of their embeddings (deep).

    Cheng et al., DLRS 2016 (https://arxiv.org/abs/1606.07792).
    """

    type: Literal["wide_deep"] = "wide_deep"
    dim: int = Field(default=16, ge=1, le=1024)
    hidden: tuple[Unit, ...] = (256, 128)
    activation: Activation = "relu"
    dropout: float = Field(default=0.0, ge=0, lt=1)

    def tables(self, layout: Layout) -> dict[str, TableSpec]:  # noqa: ARG002
        return {
            "embedding": TableSpec(dim=self.dim, group="embeddings"),
            "wide": TableSpec(dim=1, group="wide", stddev=0.0),
        }

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> keras.layers.Layer:
        return _Network(self, seed, bias)


class _Network(keras.layers.Layer):
    def __init__(self, config: WideDeep, seed: int, bias: float) -> None:
        super().__init__()
        self._deep = MLP(
            config.hidden, activation=config.activation, dropout=config.dropout, seed=seed
        )
        self._head = keras.layers.Dense(
            1,
            kernel_initializer=keras.initializers.GlorotNormal(seed=seed + 100),
            bias_initializer=keras.initializers.Constant(bias),
        )

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first = flatten(inputs["embedding"], inputs[NUMERIC])
        deep = self._head(self._deep(first, training=training))[:, 0]
        return tf.reduce_sum(inputs["wide"][:, :, 0], 1) + deep
