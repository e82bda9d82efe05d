"""The split by a column of times."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from features.readers.source import Source
from pipelines.splits.quantiles import quantiles
from pipelines.splits.shares import ByShare
from pipelines.splits.split import Measured, named
from pipelines.splits.times import keys_of


class ByTime(ByShare):
    """The earliest values of `column` train, the latest test; equal times stay together.

    A part ends before the time of rank ceil((n - 1) share), found exactly and in bounded memory.
    """

    type: Literal["time"] = "time"
    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def measure(self, source: Source) -> list[int]:
        return quantiles(
            lambda: (keys_of(frame, self.column) for frame in source.batches([self.column])),
            [float(share) for share in self.bounds if share < 1],  # a share of 1 has no end
        )

    def assign(self, frame: pl.DataFrame, start: int, measured: Measured) -> pl.Series:  # noqa: ARG002
        ends = np.array(measured, np.uint64)
        return named(np.searchsorted(ends, keys_of(frame, self.column), side="right"))
