"""NFM."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.flatten import side_by_side
from models.blocks.fm import FactorizationMachine
from models.blocks.head import Head
from models.blocks.linear import FirstOrder
from models.deep import EMBEDDING, WIDE, FirstOrderConfig
from models.network import NUMERIC, Inputs, Network
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
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: NFM, seed: int, bias: float) -> None:
        super().__init__()
        self._linear = FirstOrder(bias=bias)
        self._pairs = FactorizationMachine(pooled=True)
        self._deep = config.mlp(seed + 100)
        self._head = Head(seed=seed + 200)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first = side_by_side(self._pairs(inputs[EMBEDDING]), inputs[NUMERIC])
        deep = self._deep(first, training=training)
        return self._linear(inputs[WIDE], inputs[NUMERIC])[:, 0] + self._head(deep)
