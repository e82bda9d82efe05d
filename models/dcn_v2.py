"""DCN-V2."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from features.layout import Layout
from models.blocks.cross import CrossNetwork
from models.blocks.flatten import flatten
from models.blocks.mlp import MLP
from models.keras import keras, tf
from models.network import NUMERIC, Activation, Inputs, ModelConfig, TableSpec, Unit
from models.optimizers.optimizer import Tensor


class DCNv2(ModelConfig):
    """Deep & Cross Network V2: explicit crosses of bounded degree beside, or below, an MLP.

    `parallel` concatenates both towers; `stacked` feeds the crosses to the MLP. `rank` factors
    the cross matrices. Wang et al., WWW 2021 (https://arxiv.org/abs/2008.13535).
    """

    type: Literal["dcn_v2"] = "dcn_v2"
    dim: int = Field(default=16, ge=1, le=1024)
    cross_layers: int = Field(default=3, ge=1, le=16)
    rank: int | None = Field(default=None, ge=1)
    structure: Literal["parallel", "stacked"] = "parallel"
    hidden: tuple[Unit, ...] = (256, 128)
    activation: Activation = "relu"
    dropout: float = Field(default=0.0, ge=0, lt=1)

    def tables(self, layout: Layout) -> dict[str, TableSpec]:  # noqa: ARG002
        return {"embedding": TableSpec(dim=self.dim, group="embeddings")}

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> keras.layers.Layer:
        return _Network(self, seed, bias)


class _Network(keras.layers.Layer):
    def __init__(self, config: DCNv2, seed: int, bias: float) -> None:
        super().__init__()
        self._stacked = config.structure == "stacked"
        self._cross = CrossNetwork(config.cross_layers, rank=config.rank, seed=seed)
        self._deep = MLP(
            config.hidden, activation=config.activation, dropout=config.dropout, seed=seed + 100
        )
        self._head = keras.layers.Dense(
            1,
            kernel_initializer=keras.initializers.GlorotNormal(seed=seed + 200),
            bias_initializer=keras.initializers.Constant(bias),
        )

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first = flatten(inputs["embedding"], inputs[NUMERIC])
        crossed = self._cross(first)
        deep = self._deep(crossed if self._stacked else first, training=training)
        last = deep if self._stacked else tf.concat([crossed, deep], 1)
        return self._head(last)[:, 0]
