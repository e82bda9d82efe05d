"""Logistic regression."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.linear import FirstOrder
from models.deep import WIDE
from models.network import NUMERIC, Inputs, ModelConfig, Network, TableSpec
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
        seed: int,  # noqa: ARG002
        bias: float = 0.0,
    ) -> Network:
        return _Network(bias)


class _Network(Network):
    def __init__(self, bias: float) -> None:
        super().__init__()
        self._linear = FirstOrder(bias=bias)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:  # noqa: ARG002
        return self._linear(inputs[WIDE], inputs[NUMERIC])[:, 0]
