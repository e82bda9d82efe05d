"""Logistic regression."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.head import Linear
from models.deep import WIDE
from models.keras import keras
from models.network import NUMERIC, Inputs, ModelConfig, TableSpec
from models.optimizers.optimizer import Tensor


class LR(ModelConfig):
    """A weight an id, on the optimizer of the group `wide`, and a linear map of the numerics.

    On FTRL it is McMahan et al., KDD 2013 (https://doi.org/10.1145/2487575.2488200).
    """

    type: Literal["lr"] = "lr"

    def tables(self, layout: Layout) -> dict[str, TableSpec]:  # noqa: ARG002
        return {WIDE: TableSpec(dim=1, group="wide", stddev=0.0)}

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> keras.layers.Layer:
        return _Network(seed, bias)


class _Network(keras.layers.Layer):
    def __init__(self, seed: int, bias: float) -> None:
        super().__init__()
        self._linear = Linear(bias, seed=seed)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:  # noqa: ARG002
        return self._linear(inputs[WIDE], inputs[NUMERIC])
