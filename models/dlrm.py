"""DLRM."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.dot import DotInteraction
from models.blocks.head import Head
from models.blocks.mlp import MLP
from models.deep import EMBEDDING, DeepConfig
from models.network import NUMERIC, Inputs, Network, Unit
from models.optimizers.optimizer import Tensor


class DLRM(DeepConfig):
    """The numerics through an MLP of their own, its products with the embeddings through `hidden`.

    Naumov et al., 2019 (https://arxiv.org/abs/1906.00091).
    """

    type: Literal["dlrm"] = "dlrm"
    bottom: tuple[Unit, ...] = (64,)
    self_interaction: bool = False

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: DLRM, seed: int, bias: float) -> None:
        super().__init__()
        bottom = (*config.bottom, config.dim)
        self._bottom = MLP(bottom, activation=config.activation, seed=seed)
        self._products = DotInteraction(self_interaction=config.self_interaction)
        self._deep = config.mlp(seed + 100)
        self._head = Head(bias, seed=seed + 200)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        numerics = inputs[NUMERIC]
        dense = self._bottom(numerics, training=training)
        products = self._products(inputs[EMBEDDING], dense)
        return self._head(self._deep(products, training=training))
