"""What Parquet's statistics say of the values in each row group."""

from collections.abc import Iterable
from typing import Any

import polars as pl
import pyarrow as pa

from features.readers.dtypes import plain, readable
from features.readers.filter import Bounds


def bounds(parquet: Any, columns: Iterable[str]) -> dict[str, Bounds]:
    """Return the bounds (row groups,) of those of `columns` that have statistics."""
    paths = [parquet.schema.column(at).path for at in range(len(parquet.schema))]
    fields = {field.name: field for field in parquet.schema_arrow}
    found: dict[str, Bounds] = {}
    for name in columns:
        # "a.b" may be a column, or the field b of a.
        if name in fields and paths.count(name) == 1 and not pa.types.is_nested(fields[name].type):
            kind = readable(name, fields[name].type)
            found[name] = _bounds(parquet.metadata, paths.index(name), kind)
    return found


def _bounds(metadata: Any, leaf: int, kind: pa.DataType) -> Bounds:
    low, high, void = [], [], []
    for at in range(metadata.num_row_groups):
        group = metadata.row_group(at)
        known = group.column(leaf).statistics
        least, most = _extremes(known)
        low.append(least)
        high.append(most)
        void.append(bool(known and known.has_null_count and known.null_count == group.num_rows))
    return Bounds(_series(low, kind), _series(high, kind), pl.Series(void, dtype=pl.Boolean))


def _extremes(known: Any) -> tuple[Any, Any]:
    try:
        return (known.min, known.max) if known is not None and known.has_min_max else (None, None)
    except UnicodeDecodeError:  # cut within a character
        return None, None


def _series(values: list[Any], kind: pa.DataType) -> pl.Series:
    try:
        array = pa.array(values, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        array = pa.nulls(len(values), kind)  # as if unknown
    return plain(pa.table({"": array})).to_series()
