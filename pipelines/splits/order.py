"""The split of logs in time order."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from features.readers.source import Source
from pipelines.splits.shares import ByShare
from pipelines.splits.split import Measured, named


class ByOrder(ByShare):
    """The first rows train, the last ones test: for logs in time order."""

    type: Literal["order"] = "order"

    def measure(self, source: Source) -> list[float]:
        return [float(end) for end in np.rint(self.bounds * source.count())]

    def assign(self, frame: pl.DataFrame, start: int, measured: Measured) -> pl.Series:
        assert measured is not None
        rows = np.arange(start, start + frame.height)
        return named(np.searchsorted(measured, rows, side="right"))
