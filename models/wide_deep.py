"""Wide & Deep."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.flatten import flatten
from models.blocks.head import Head
from models.deep import EMBEDDING, WIDE, FirstOrderConfig
from models.keras import tf
from models.network import NUMERIC, Inputs, Network
from models.optimizers.optimizer import Tensor


class WideDeep(FirstOrderConfig):
    """A linear model of the ids (wide, on FTRL) plus an MLP of their embeddings (deep).

    Crosses that the wide part is to know are derived columns. Cheng et al., DLRS 2016
    (https://arxiv.org/abs/1606.07792).
    """

    type: Literal["wide_deep"] = "wide_deep"

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: WideDeep, seed: int, bias: float) -> None:
        super().__init__()
        self._deep = config.mlp(seed)
        self._head = Head(bias, seed=seed + 100)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first = flatten(inputs[EMBEDDING], inputs[NUMERIC])
        deep = self._head(self._deep(first, training=training))
        return tf.reduce_sum(inputs[WIDE][:, :, 0], 1) + deep
