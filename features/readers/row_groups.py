"""Row groups of a local Parquet file, decoded by Polars: in a fraction of Arrow's time."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import polars as pl

from features.readers.location import Location

_ENOUGH = 131_072  # rows decoded at once, or as many as a row group has
_MOST = 1 << 20  # rows of a row group that may be decoded whole
_NUMBERS = (
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    *(pl.Float32, pl.Float64),
)
_PLAIN = (*_NUMBERS, pl.Boolean, pl.String, pl.Date)


def decodes(dtypes: Mapping[str, pl.DataType], heights: Sequence[int]) -> bool:
    """Whether these columns and row groups are read alike by Polars and by Arrow, and are small."""
    plain = all(
        dtype in _PLAIN or (isinstance(dtype, pl.List) and dtype.inner in _PLAIN)
        for dtype in dtypes.values()
    )
    return plain and max(heights, default=0) <= _MOST


def frames(
    file: Location, dtypes: Mapping[str, pl.DataType], heights: Sequence[int], groups: Sequence[int]
) -> Iterator[pl.DataFrame]:
    """Yield the columns `dtypes` of some row groups, in order.

    Raises ValueError where Polars reads other dtypes or rows, and Polars' own errors.
    """
    scanned = pl.scan_parquet(file.path, glob=False, hive_partitioning=False)
    for start, rows in _spans(heights, groups):
        frame = scanned.slice(start, rows).select(list(dtypes)).collect()
        if dict(frame.schema) != dict(dtypes) or frame.height != rows:
            raise ValueError(f"Polars reads {frame.schema}, {frame.height} rows")
        yield frame


def _spans(heights: Sequence[int], groups: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First row and number of rows of stretches of adjacent row groups."""
    starts = list(accumulate(heights, initial=0))
    start = rows = 0
    for group in groups:
        if rows and (rows >= _ENOUGH or starts[group] != start + rows):
            yield start, rows
            rows = 0
        if not rows:
            start = starts[group]
        rows += heights[group]
    if rows:
        yield start, rows
