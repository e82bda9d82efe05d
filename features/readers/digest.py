"""A digest of rows that depends on nothing but their values and dtypes."""

import hashlib
from collections.abc import Iterable

import numpy as np
import polars as pl

from features.readers.source import rebatch

_PIECE = 65_536  # rows digested at once: part of what a digest means, so never change it


def digest(frames: Iterable[pl.DataFrame]) -> str:
    """Return the sha256 of the columns and rows of `frames`, however they are cut."""
    found = hashlib.sha256()
    for at, frame in enumerate(rebatch(frames, _PIECE)):
        if at == 0:
            found.update(
                repr([(name, str(dtype)) for name, dtype in frame.schema.items()]).encode()
            )
        for column in frame:
            _add(found, column)
    return found.hexdigest()


def _add(found: "hashlib._Hash", column: pl.Series) -> None:
    """Add which values are null, then the values, nested ones after their lengths."""
    dtype = column.dtype
    found.update(np.packbits(column.is_null().to_numpy()).tobytes())
    column = column.drop_nulls()
    if isinstance(dtype, pl.Array):
        column, dtype = column.arr.to_list(), pl.List(dtype.inner)
    if isinstance(dtype, pl.List):
        length = column.list.len()
        _numbers(found, length)
        _add(found, column.filter(length > 0).explode())
    elif isinstance(dtype, pl.Struct):
        for name in dtype.to_schema():
            _add(found, column.struct.field(name))
    elif dtype == pl.Binary:
        _numbers(found, column.bin.size())
        found.update(b"".join(column))
    elif (
        (dtype.is_numeric() and not dtype.is_decimal())
        or dtype.is_temporal()
        or dtype == pl.Boolean
    ):
        _numbers(found, column.to_physical())
    elif dtype != pl.Null:
        text = column.cast(pl.String)  # of decimals too
        _numbers(found, text.str.len_bytes())
        found.update("".join(text).encode())


def _numbers(found: "hashlib._Hash", column: pl.Series) -> None:
    values = column.to_numpy()
    found.update(np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes())
