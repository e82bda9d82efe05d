"""DIN."""

from __future__ import annotations

from typing import Literal

from models.blocks.target_attention import TargetAttention
from models.history_network import HistoryConfig
from models.network import Activation, Unit


class DIN(HistoryConfig):
    """Deep Interest Network: each history is pooled by what it says of its item.

    Zhou et al., KDD 2018 (https://arxiv.org/abs/1706.06978).
    """

    type: Literal["din"] = "din"
    attention: tuple[Unit, ...] = (36,)
    attention_activation: Activation = "dice"
    attention_softmax: bool = False

    def reader(self, seed: int) -> TargetAttention:
        return TargetAttention(
            self.attention,
            activation=self.attention_activation,
            softmax=self.attention_softmax,
            seed=seed,
        )
