"""DCN."""

from __future__ import annotations

from typing import Literal

from models.blocks.cross_vector import CrossVectors
from models.crossed import CrossedConfig


class DCN(CrossedConfig):
    """Deep & Cross Network, its crosses by one vector a layer.

    Wang et al., ADKDD 2017 (https://arxiv.org/abs/1708.05123).
    """

    type: Literal["dcn"] = "dcn"

    def crosses(self, seed: int) -> CrossVectors:
        return CrossVectors(self.cross_layers, seed=seed)
