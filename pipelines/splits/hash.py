"""The split by the hash of a key."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from pipelines.splits.hashing import Seed, places
from pipelines.splits.shares import ByShare
from pipelines.splits.split import Measured, named


class ByHash(ByShare):
    """By a stable hash of `column` (a user, a query), so that no value straddles two parts."""

    type: Literal["hash"] = "hash"
    column: str
    seed: Seed = 0

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def assign(self, frame: pl.DataFrame, start: int, measured: Measured) -> pl.Series:  # noqa: ARG002
        found = places(frame[self.column], self.seed)
        return named(np.searchsorted(self.bounds, found, side="right"))
