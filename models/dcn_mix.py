"""DCN-Mix."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.blocks.cross_mix import CrossMix
from models.crossed import CrossedConfig


class DCNMix(CrossedConfig):
    """Deep & Cross Network V2 whose crosses are mixtures of low-rank experts.

    Wang et al., WWW 2021 (https://arxiv.org/abs/2008.13535), section 3.2.
    """

    type: Literal["dcn_mix"] = "dcn_mix"
    experts: int = Field(default=4, ge=1, le=64)
    rank: int = Field(default=32, ge=1)

    def crosses(self, seed: int) -> CrossMix:
        return CrossMix(self.cross_layers, experts=self.experts, rank=self.rank, seed=seed)
