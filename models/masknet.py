"""MaskNet."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from features.layout import Layout
from models.blocks.field_norm import FieldNorm
from models.blocks.flatten import flatten
from models.blocks.head import Head
from models.blocks.mask_block import MaskBlocks
from models.deep import EMBEDDING, DeepConfig
from models.network import NUMERIC, Inputs, Network, Unit
from models.optimizers.optimizer import Tensor


class MaskNet(DeepConfig):
    """Mask blocks, each guided by all embeddings: one on the other, or side by side under an MLP.

    `serial` blocks are followed by the head, `parallel` ones by the MLP of `hidden`. Wang, She &
    Zhang, DLP-KDD 2021 (https://arxiv.org/abs/2102.07619).
    """

    type: Literal["masknet"] = "masknet"
    blocks: tuple[Unit, ...] = Field(default=(256, 128), min_length=1)
    structure: Literal["serial", "parallel"] = "serial"
    reduction: float = Field(default=1.0, gt=0)

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: MaskNet, seed: int, bias: float) -> None:
        super().__init__()
        self._norm = FieldNorm()
        self._blocks = MaskBlocks(
            config.blocks,
            structure=config.structure,
            reduction=config.reduction,
            activation=config.activation,
            dropout=config.dropout,
            seed=seed,
        )
        self._deep = config.mlp(seed + 1000) if config.structure == "parallel" else None
        self._head = Head(bias, spread=0.1, seed=seed + 2000)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        embedded, numerics = inputs[EMBEDDING], inputs[NUMERIC]
        first = flatten(self._norm(embedded), numerics)
        hidden = self._blocks(first, flatten(embedded, numerics), training=training)
        if self._deep is not None:
            hidden = self._deep(hidden, training=training)
        return self._head(hidden)
