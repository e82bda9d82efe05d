"""DIEN."""

from __future__ import annotations

from typing import Literal

from models.blocks.interest_evolution import InterestEvolution
from models.history_network import HistoryConfig
from models.network import Unit


class DIEN(HistoryConfig):
    """Deep Interest Evolution Network, without the auxiliary loss: each history is read by a
    recurrence that its item steers. Zhou et al., AAAI 2019 (https://arxiv.org/abs/1809.03672).
    """

    type: Literal["dien"] = "dien"
    units: Unit | None = None

    def reader(self, seed: int) -> InterestEvolution:
        return InterestEvolution(self.units, seed=seed)
