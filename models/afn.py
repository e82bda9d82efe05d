"""AFN."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from features.layout import Layout
from models.blocks.flatten import side_by_side
from models.blocks.head import Head
from models.blocks.logarithmic import LogarithmicTransform
from models.deep import EMBEDDING, DeepConfig
from models.network import NUMERIC, Inputs, Network
from models.optimizers.optimizer import Tensor


class AFN(DeepConfig):
    """An MLP over products of fields to powers that are learned.

    Adaptive factorization network, Cheng et al., AAAI 2020 (https://arxiv.org/abs/1909.03276).
    The numerics go to the MLP beside the products.
    """

    type: Literal["afn"] = "afn"
    neurons: int = Field(default=64, ge=1, le=4096)
    batch_norm: bool = True

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: AFN, seed: int, bias: float) -> None:
        super().__init__()
        self._products = LogarithmicTransform(
            config.neurons, batch_norm=config.batch_norm, stddev=config.stddev, seed=seed
        )
        self._deep = config.mlp(seed + 100)
        self._head = Head(bias, spread=0.01, seed=seed + 200)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        products = self._products(inputs[EMBEDDING], training=training)
        first = side_by_side(products, inputs[NUMERIC])
        return self._head(self._deep(first, training=training))
