"""Row groups of a local Parquet file, decoded by Polars: in a fraction of Arrow's time."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import polars as pl

from features.readers.dictionaries import opened
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
    file: Location,
    dtypes: Mapping[str, pl.DataType],
    heights: Sequence[int],
    groups: Sequence[int],
    coded: set[str],
) -> Iterator[pl.DataFrame]:
    """Yield the columns `dtypes` of some row groups, in order.

    `coded` ones may come as Enum; those that hold too many values are taken out of the set.

    Raises ValueError where Polars reads other dtypes or rows, and both libraries' own errors.
    """
    starts = list(accumulate(heights, initial=0))
    scanned = pl.scan_parquet(file.path, glob=False, hive_partitioning=False)
    with opened(file, list(dtypes), coded) as dictionaries:
        for span in _spans(heights, groups):
            rows = sum(heights[group] for group in span)
            enums = dictionaries.read(span, rows)
            apart = {one.name for one in enums}
            plain = {name: dtype for name, dtype in dtypes.items() if name not in apart}
            frame = pl.DataFrame(enums)
            if plain:
                read = scanned.slice(starts[span[0]], rows).select(list(plain)).collect()
                if dict(read.schema) != plain or read.height != rows:
                    raise ValueError(f"Polars reads {read.schema}, {read.height} rows")
                frame = read.with_columns(enums)
            yield frame.select(list(dtypes))


def _spans(heights: Sequence[int], groups: Sequence[int]) -> Iterator[list[int]]:
    """Stretches of adjacent row groups, empty ones left out."""
    span: list[int] = []
    rows = 0
    for group in groups:
        if span and (rows >= _ENOUGH or any(heights[span[-1] + 1 : group])):
            yield span
            span, rows = [], 0
        if heights[group]:
            span.append(group)
            rows += heights[group]
    if span:
        yield span
