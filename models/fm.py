"""Factorization machine."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.fm import FactorizationMachine
from models.blocks.linear import FirstOrder
from models.deep import EMBEDDING, WIDE, EmbeddingConfig
from models.network import NUMERIC, Inputs, Network, TableSpec
from models.optimizers.optimizer import Tensor


class FM(EmbeddingConfig):
    """A linear part and the products of each two embeddings; the numerics are linear alone.

    Rendle, ICDM 2010 (https://doi.org/10.1109/ICDM.2010.127).
    """

    type: Literal["fm"] = "fm"

    def tables(self, layout: Layout) -> dict[str, TableSpec]:
        return {**super().tables(layout), WIDE: TableSpec(dim=1, group="wide", stddev=0.0)}

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
        self._pairs = FactorizationMachine()

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:  # noqa: ARG002
        pairs = self._pairs(inputs[EMBEDDING])[:, 0]
        return self._linear(inputs[WIDE], inputs[NUMERIC])[:, 0] + pairs
