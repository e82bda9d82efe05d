"""DCN-V2."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.blocks.cross import CrossNetwork
from models.crossed import CrossedConfig


class DCNv2(CrossedConfig):
    """Deep & Cross Network V2: explicit crosses of bounded degree beside, or below, an MLP.

    `rank` factors the cross matrices. Wang et al., WWW 2021 (https://arxiv.org/abs/2008.13535).
    """

    type: Literal["dcn_v2"] = "dcn_v2"
    rank: int | None = Field(default=None, ge=1)

    def crosses(self, seed: int) -> CrossNetwork:
        return CrossNetwork(self.cross_layers, rank=self.rank, seed=seed)
