"""JSON values as Polars series of one settled type a column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from features.transforms.text import canonical
from serving.problem import BAD_VALUE, RequestError, describe

# What no 64-bit integer holds comes from JSON as a float, and a float names only some integers.
_EXACT = 2**53
_TYPES: dict[type, pl.DataType] = {
    int: pl.Int64(),
    float: pl.Float64(),
    str: pl.String(),
    bool: pl.Boolean(),
    type(None): pl.String(),
}
_VALUE = pl.col("value")


@dataclass(frozen=True, slots=True)
class Values:
    """The JSON values of one column, without their lists.

    number: read as a number, else as an id. lengths: of each row's list, where it holds lists,
    whose elements `values` holds end to end. shared: one value for all rows, from the context.
    """

    column: str
    number: bool
    values: list[Any]
    lengths: list[int] | None
    shared: bool

    def refuse(self, index: int, wanted: str, came: str) -> RequestError:
        row: int | None = index
        if self.lengths is not None:
            row = int(np.searchsorted(np.cumsum(self.lengths), index, side="right"))
            wanted = f"lists of {wanted}"
        where = "the context" if self.shared else f"row {row}"
        return RequestError(
            BAD_VALUE,
            f"Column '{self.column}' must hold {wanted}; {where} holds {came}.",
            column=self.column,
            row=None if self.shared else row,
        )


def to_series(columns: list[Values], rows: int, *, booleans: bool) -> list[pl.Series]:
    """Series of `rows` values: Float64 numbers, String ids in canonical form, or lists of those.

    An id has the same text whatever JSON type names it, so that a request's types never decide
    how it is encoded. `booleans`: whether the body may hold any; Polars takes them for numbers.

    Raises:
        RequestError: a column's values are of several types, or of a wrong one.
    """
    if not booleans:
        try:
            return _build(columns, [_guess(one) for one in columns], rows)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            pass  # some column is not what its first value says: look at every value
    return _build(columns, [_settle(one) for one in columns], rows)


def _guess(one: Values) -> pl.DataType:
    if one.number:
        return _TYPES[float]
    first = next((value for value in one.values if value is not None), None)
    return _TYPES.get(type(first), _TYPES[str])


def _settle(one: Values) -> pl.DataType:
    types = set(map(type, one.values)) - {type(None)}
    if one.number:
        wanted: tuple[type, ...] = (bool,) if types == {bool} else (int, float)
        _require(one, wanted, "numbers or null")
        return _TYPES[wanted[-1]]
    _require(one, (str, int, float, bool), "ids (text, numbers or booleans) or null")
    if not types:
        return _TYPES[str]
    if types == {int, float}:
        return _TYPES[float]
    if len(types) > 1:
        first = next(value for value in one.values if value is not None)
        same = (int, float) if type(first) in (int, float) else (type(first),)
        _require(one, same, f"values of one type (its first is {describe(first)})")
    if types == {int}:
        return pl.Int128()  # the signed and the unsigned 64-bit integers
    return _TYPES[types.pop()]


def _require(one: Values, wanted: tuple[type, ...], words: str) -> None:
    for index, value in enumerate(one.values):
        if value is not None and type(value) not in wanted:
            raise one.refuse(index, words, describe(value))


def _build(columns: list[Values], dtypes: list[pl.DataType], rows: int) -> list[pl.Series]:
    # One series a type and its slices cost a third of one series a column.
    groups: dict[tuple[bool, pl.DataType], list[Values]] = {}
    for one, dtype in zip(columns, dtypes, strict=True):
        groups.setdefault((one.number, dtype), []).append(one)
    return [
        series
        for (number, dtype), group in groups.items()
        for series in _group(group, dtype, rows, number=number)
    ]


def _group(
    group: list[Values], dtype: pl.DataType, rows: int, *, number: bool
) -> Iterator[pl.Series]:
    flat = list(chain.from_iterable(one.values for one in group))
    series = pl.Series("value", flat, dtype=dtype, strict=True)
    if number:
        series = series.cast(pl.Float64)
    else:
        if dtype.is_float():
            _refuse_inexact(group)
        if dtype != pl.String:
            series = series.to_frame().select(canonical(_VALUE, dtype, "value")).to_series()
    start = 0
    for one in group:
        size = len(one.values)
        yield _shape(one, series, start, rows).alias(one.column)
        start += size


def _shape(one: Values, series: pl.Series, start: int, rows: int) -> pl.Series:
    if one.lengths is None:
        if one.shared:
            return series.new_from_index(start, rows)
        return series.slice(start, len(one.values))
    part = series.slice(start, len(one.values))
    if one.shared:
        return part.implode().new_from_index(0, rows)
    offsets = np.zeros(rows + 1, np.int64)
    np.cumsum(one.lengths, out=offsets[1:])
    return pl.Series(values=pa.LargeListArray.from_arrays(offsets, part.to_arrow()))


def _refuse_inexact(group: Iterable[Values]) -> None:
    for one in group:
        for index, value in enumerate(one.values):
            if value is not None and abs(value) >= _EXACT:
                wanted = "ids that JSON carries exactly (text, or integers of 64 bits)"
                raise one.refuse(index, wanted, describe(value))
