"""MLP."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.flatten import flatten
from models.blocks.head import Head
from models.deep import EMBEDDING, DeepConfig
from models.network import NUMERIC, Inputs, Network
from models.optimizers.optimizer import Tensor


class DNN(DeepConfig):
    """An MLP over the embeddings and the numerics, and nothing else."""

    type: Literal["dnn"] = "dnn"

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: DNN, seed: int, bias: float) -> None:
        super().__init__()
        self._deep = config.mlp(seed)
        self._head = Head(bias, seed=seed + 100)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first = flatten(inputs[EMBEDDING], inputs[NUMERIC])
        return self._head(self._deep(first, training=training))
