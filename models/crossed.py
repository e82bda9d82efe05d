"""What the Deep & Cross families share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

from pydantic import Field

from features.layout import Layout
from models.blocks.flatten import flatten, side_by_side
from models.blocks.head import Head
from models.deep import EMBEDDING, DeepConfig
from models.keras import keras
from models.network import NUMERIC, Inputs, Network
from models.optimizers.optimizer import Tensor


class CrossedConfig(DeepConfig):
    """`parallel` concatenates crosses and MLP; `stacked` feeds the crosses to the MLP."""

    cross_layers: int = Field(default=3, ge=1, le=16)
    structure: Literal["parallel", "stacked"] = "parallel"

    @abstractmethod
    def crosses(self, seed: int) -> keras.layers.Layer:
        """`(batch, any)` to the same."""

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: CrossedConfig, seed: int, bias: float) -> None:
        super().__init__()
        self._stacked = config.structure == "stacked"
        self._cross, self._deep = config.crosses(seed), config.mlp(seed + 100)
        self._head = Head(bias, seed=seed + 200)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first = flatten(inputs[EMBEDDING], inputs[NUMERIC])
        crossed = self._cross(first)
        deep = self._deep(crossed if self._stacked else first, training=training)
        return self._head(deep if self._stacked else side_by_side(crossed, deep))
