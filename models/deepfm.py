"""DeepFM."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.flatten import flatten
from models.blocks.fm import FactorizationMachine
from models.blocks.head import Head
from models.blocks.linear import FirstOrder
from models.deep import EMBEDDING, WIDE, FirstOrderConfig
from models.network import NUMERIC, Inputs, Network
from models.optimizers.optimizer import Tensor


class DeepFM(FirstOrderConfig):
    """A factorization machine beside an MLP, over the same embeddings.

    Guo et al., IJCAI 2017 (https://arxiv.org/abs/1703.04247).
    """

    type: Literal["deepfm"] = "deepfm"

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: DeepFM, seed: int, bias: float) -> None:
        super().__init__()
        self._linear = FirstOrder(bias=bias)
        self._pairs = FactorizationMachine()
        self._deep = config.mlp(seed + 100)
        self._head = Head(seed=seed + 200)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        embedded = inputs[EMBEDDING]
        deep = self._deep(flatten(embedded, inputs[NUMERIC]), training=training)
        linear = self._linear(inputs[WIDE], inputs[NUMERIC])[:, 0]
        return linear + self._pairs(embedded)[:, 0] + self._head(deep)
