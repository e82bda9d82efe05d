"""A column of times as keys that compare as the times do."""

from __future__ import annotations

import polars as pl

from features.errors import DataError, SchemaError
from pipelines.splits.quantiles import Keys, ordered


def keys_of(frame: pl.DataFrame, column: str) -> Keys:
    """Keys uint64 (rows,). Raises SchemaError for what is no time, DataError where one misses."""
    times = frame[column]
    if times.dtype.is_temporal():
        times = times.to_physical()
    if not times.dtype.is_numeric():
        raise SchemaError(
            f"Column '{column}' must hold numbers or times to split by; it holds {times.dtype}. "
            'Choose another column, or `type = "hash"`.'
        )
    missing = times.null_count()
    if times.dtype.is_float():
        missing += int(times.is_nan().sum())
    if missing:
        raise DataError(
            f"Every row must have a time to split by; column '{column}' misses {missing} of "
            f"{frame.height} rows. Fill or remove them."
        )
    return ordered(times)
