"""PNN."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.flatten import flatten, side_by_side
from models.blocks.head import Head
from models.blocks.product import InnerProduct, Kernel, OuterProduct
from models.deep import EMBEDDING, DeepConfig
from models.network import NUMERIC, Inputs, Network
from models.optimizers.optimizer import Tensor


class PNN(DeepConfig):
    """An MLP over the embeddings and the products of each two of them.

    `inner` products are numbers; `outer` ones are weighed by a `kernel` of each pair. Qu et al.,
    ICDM 2016 (https://arxiv.org/abs/1611.00144).
    """

    type: Literal["pnn"] = "pnn"
    product: Literal["inner", "outer"] = "inner"
    kernel: Kernel = "matrix"

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: PNN, seed: int, bias: float) -> None:
        super().__init__()
        outer = config.product == "outer"
        self._products = OuterProduct(config.kernel, seed=seed) if outer else InnerProduct()
        self._deep = config.mlp(seed + 100)
        self._head = Head(bias, seed=seed + 200)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        embedded = inputs[EMBEDDING]
        first = side_by_side(flatten(embedded, inputs[NUMERIC]), self._products(embedded))
        return self._head(self._deep(first, training=training))
