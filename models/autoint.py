"""AutoInt."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from features.layout import Layout
from models.blocks.attention import FieldAttention
from models.blocks.flatten import flatten
from models.blocks.head import Head
from models.deep import EMBEDDING, DeepConfig
from models.network import NUMERIC, Inputs, Network
from models.optimizers.optimizer import Tensor


class AutoInt(DeepConfig):
    """Self-attention over the fields, beside an MLP unless `hidden` is empty.

    Song et al., CIKM 2019 (https://arxiv.org/abs/1810.11921); with the MLP it is their AutoInt+.
    """

    type: Literal["autoint"] = "autoint"
    attention_layers: int = Field(default=2, ge=1, le=16)
    heads: int = Field(default=2, ge=1, le=64)
    head_dim: int = Field(default=16, ge=1, le=1024)
    residual: bool = True

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: AutoInt, seed: int, bias: float) -> None:
        super().__init__()
        self._attention = FieldAttention(
            config.attention_layers,
            heads=config.heads,
            head_dim=config.head_dim,
            residual=config.residual,
            seed=seed,
        )
        self._deep = config.mlp(seed + 100) if config.hidden else None
        self._heads = Head(bias, seed=seed + 200), Head(seed=seed + 300)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        embedded, numerics = inputs[EMBEDDING], inputs[NUMERIC]
        attended = embedded
        if embedded.shape[1]:
            attended = self._attention(embedded, training=training)
        logits = self._heads[0](flatten(attended, numerics))
        if self._deep is None:
            return logits
        return logits + self._heads[1](self._deep(flatten(embedded, numerics), training=training))
