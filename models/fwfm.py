"""FwFM."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.fwfm import FieldWeighted
from models.blocks.linear import FirstOrder
from models.deep import EMBEDDING, WIDE
from models.fm import FM
from models.network import NUMERIC, Inputs, Network
from models.optimizers.optimizer import Tensor


class FwFM(FM):
    """A factorization machine that weighs the products of each two fields.

    Pan et al., WWW 2018 (https://arxiv.org/abs/1806.03514).
    """

    type: Literal["fwfm"] = "fwfm"  # type: ignore[assignment]

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(seed, bias)


class _Network(Network):
    def __init__(self, seed: int, bias: float) -> None:
        super().__init__()
        self._linear = FirstOrder(bias=bias)
        self._pairs = FieldWeighted(seed=seed)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:  # noqa: ARG002
        pairs = self._pairs(inputs[EMBEDDING])
        return (self._linear(inputs[WIDE], inputs[NUMERIC]) + pairs)[:, 0]
