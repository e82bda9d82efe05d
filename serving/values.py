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
from features.want import Want
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

    want: what the elements are read as: "id", "number", "value", or "map", whose elements are
    entries of key and value. lengths: of each row's list, None for a missing one, where it holds
    lists, whose elements `values` holds end to end. shared: one value for all rows, from the
    context.
    """

    column: str
    want: Want
    values: list[Any]
    lengths: list[int | None] | None
    shared: bool

    def refuse(self, index: int, wanted: str, came: str) -> RequestError:
        row: int | None = index
        if self.lengths is not None:
            ends = np.cumsum([length or 0 for length in self.lengths])
            row = int(np.searchsorted(ends, index, side="right"))
            wanted = f"lists of {wanted}"
        where = "the context" if self.shared else f"row {row}"
        return RequestError(
            BAD_VALUE,
            f"Column '{self.column}' must hold {wanted}; {where} holds {came}.",
            column=self.column,
            row=None if self.shared else row,
        )


def to_series(columns: list[Values], *, booleans: bool) -> dict[str, pl.Series]:
    """Float64 numbers, String ids in canonical form, lists of those, or values as they are.

    An id has the same text whatever JSON type names it, so that a request's types never decide
    how it is encoded. `booleans`: whether the body may hold any; Polars takes them for numbers.
    A shared column has one value, the others one a row.

    Raises:
        RequestError: a column's values are of several types, or of a wrong one.
    """
    if not booleans:
        try:
            return _build(columns, [_guess(one) for one in columns])
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            pass  # some column is not what its first value says: look at every value
    return _build(columns, [_settle(one) for one in columns])


def _guess(one: Values) -> pl.DataType:
    if one.want == "number":
        return _TYPES[float]
    if one.want == "map":
        return _settle(one)
    first = next((value for value in one.values if value is not None), None)
    return _nothing(one) if first is None else _TYPES.get(type(first), _TYPES[str])


def _nothing(one: Values) -> pl.DataType:
    """The type of missing values alone, which any reader of a value takes."""
    return pl.Null() if one.want == "value" else _TYPES[str]


def _settle(one: Values) -> pl.DataType:
    if one.want == "number":
        return _number(one)
    if one.want == "map":
        return _map(one)
    types = set(map(type, one.values)) - {type(None)}
    _require(one, (str, int, float, bool), "ids (text, numbers or booleans) or null")
    if not types:
        return _nothing(one)
    if types == {int, float}:
        return _TYPES[float]
    if len(types) > 1:
        first = next(value for value in one.values if value is not None)
        same = (int, float) if type(first) in (int, float) else (type(first),)
        _require(one, same, f"values of one type (its first is {describe(first)})")
    if types == {int}:
        small = all(value is None or abs(value) < _EXACT for value in one.values)
        # Int128 holds the signed and the unsigned 64-bit integers.
        return _TYPES[int] if small and one.want == "value" else pl.Int128()
    return _TYPES[types.pop()]


def _number(one: Values) -> pl.DataType:
    types = set(map(type, one.values)) - {type(None)}
    wanted: tuple[type, ...] = (bool,) if types == {bool} else (int, float)
    _require(one, wanted, "numbers or null")
    return _TYPES[wanted[-1]]


def _map(one: Values) -> pl.DataType:
    held = Values(one.column, "value", [entry["value"] for entry in one.values], None, one.shared)
    types = set(map(type, held.values)) - {type(None)}
    numbers = types <= {int, float, bool}
    if not numbers:
        _require(held, (str,), "objects whose values are numbers, or text")
    return pl.Struct({"key": pl.String(), "value": _TYPES[float if numbers else str]})


def _require(one: Values, wanted: tuple[type, ...], words: str) -> None:
    for index, value in enumerate(one.values):
        if value is not None and type(value) not in wanted:
            raise one.refuse(index, words, describe(value))


def _build(columns: list[Values], dtypes: list[pl.DataType]) -> dict[str, pl.Series]:
    # One series a type and its slices cost a third of one series a column.
    groups: dict[tuple[Want, pl.DataType], list[Values]] = {}
    for one, dtype in zip(columns, dtypes, strict=True):
        groups.setdefault((one.want, dtype), []).append(one)
    return {
        name: series
        for (want, dtype), group in groups.items()
        for name, series in _group(group, dtype, want)
    }


def _group(group: list[Values], dtype: pl.DataType, want: Want) -> Iterator[tuple[str, pl.Series]]:
    flat = list(chain.from_iterable(one.values for one in group))
    series = pl.Series("value", flat, dtype=dtype, strict=True)
    if want == "number":
        series = series.cast(pl.Float64)
    elif want == "id":
        if dtype.is_float():
            _refuse_inexact(group)
        if dtype != pl.String:
            series = series.to_frame().select(canonical(_VALUE, dtype, "value")).to_series()
    start = 0
    for one in group:
        size = len(one.values)
        part = series.slice(start, size)
        yield one.column, part if one.lengths is None else _lists(part, one.lengths)
        start += size


def _lists(elements: pl.Series, lengths: list[int | None]) -> pl.Series:
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum([length or 0 for length in lengths], out=offsets[1:])
    missing = pa.array([length is None for length in lengths]) if None in lengths else None
    lists = pa.LargeListArray.from_arrays(offsets, elements.to_arrow(), mask=missing)
    return pl.Series(values=lists)


def _refuse_inexact(group: Iterable[Values]) -> None:
    for one in group:
        for index, value in enumerate(one.values):
            if value is not None and abs(value) >= _EXACT:
                wanted = "ids that JSON carries exactly (text, or integers of 64 bits)"
                raise one.refuse(index, wanted, describe(value))
