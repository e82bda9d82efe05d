"""The split by a column of times."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from features.errors import DataError, SchemaError
from features.readers.source import Source
from pipelines.splits.quantiles import Keys, ordered, quantiles
from pipelines.splits.shares import ByShare
from pipelines.splits.split import Measured, named


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
            lambda: (self._times(frame) for frame in source.batches([self.column])),
            [float(share) for share in self.bounds if share < 1],  # a share of 1 has no end
        )

    def _times(self, frame: pl.DataFrame) -> Keys:
        column = frame[self.column]
        if column.dtype.is_temporal():
            column = column.to_physical()
        if not column.dtype.is_numeric():
            raise SchemaError(
                f"Column '{self.column}' must hold numbers or times to split by; it holds "
                f'{column.dtype}. Choose another column, or `type = "hash"`.'
            )
        missing = column.null_count()
        if column.dtype.is_float():
            missing += int(column.is_nan().sum())
        if missing:
            raise DataError(
                f"Every row must have a time to split by; column '{self.column}' misses "
                f"{missing} of {frame.height} rows. Fill or remove them."
            )
        return ordered(column)

    def assign(self, frame: pl.DataFrame, start: int, measured: Measured) -> pl.Series:  # noqa: ARG002
        ends = np.array(measured, np.uint64)
        return named(np.searchsorted(ends, self._times(frame), side="right"))
