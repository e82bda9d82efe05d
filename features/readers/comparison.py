"""Values of a declaration and a column of rows, in one dtype that holds both."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl


def comparable(
    column: pl.Expr, dtype: pl.DataType, values: Sequence[object]
) -> tuple[pl.Expr, pl.Series]:
    """Return `column`, which is of `dtype`, and `values`, both cast so that nothing is lost.

    Raises ValueError, TypeError or OverflowError, in words, where they cannot be compared.
    """
    for holds, make in _KINDS:
        if holds(dtype):
            wide, ready = make(dtype, values)
            series = pl.Series(ready, dtype=wide)
            return (column if wide == dtype else column.cast(wide)), series
    raise TypeError("only numbers, text, booleans and times can be")


Ready = tuple[pl.DataType, list[object]]


def _booleans(dtype: pl.DataType, values: Sequence[object]) -> Ready:
    if not all(isinstance(value, bool) for value in values):
        raise TypeError("it must be true or false")
    return dtype, list(values)


def _texts(dtype: pl.DataType, values: Sequence[object]) -> Ready:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("it must be text, in quotes")
    return dtype, list(values)


def _integers(dtype: pl.DataType, values: Sequence[object]) -> Ready:
    whole: list[object] = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise TypeError("it must be a whole number")
        whole.append(int(value))
    small = all(-(2**63) <= int(str(value)) < 2**63 for value in whole)
    fits = small and dtype not in (pl.UInt64, pl.Int128)
    return (pl.Int64() if fits else pl.Int128()), whole


def _floats(dtype: pl.DataType, values: Sequence[object]) -> Ready:
    numbers: list[object] = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError("it must be a number")
        numbers.append(float(value))
    return (dtype if dtype.is_float() else pl.Float64()), numbers


def _dates(dtype: pl.DataType, values: Sequence[object]) -> Ready:
    return dtype, [_day(value) for value in values]


def _day(value: object) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError("it must be a date, such as 2024-01-31")
    return value


def _times(dtype: pl.DataType, values: Sequence[object]) -> Ready:
    assert isinstance(dtype, pl.Datetime)
    # Milliseconds are widened, lest a value between two of them be rounded.
    unit: Literal["ns", "us"] = "ns" if dtype.time_unit == "ns" else "us"
    return pl.Datetime(unit, dtype.time_zone), [_moment(value, dtype) for value in values]


def _moment(value: object, dtype: pl.Datetime) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise TypeError("it must be a time, such as 2024-01-31T12:00:00")
    if dtype.time_zone is None:
        if value.tzinfo is not None:
            raise TypeError("the column has no time zone, so the value must have none")
        return value
    zoned = value if value.tzinfo is not None else value.replace(tzinfo=ZoneInfo(dtype.time_zone))
    return zoned.astimezone(UTC)


_KINDS: tuple[
    tuple[Callable[[pl.DataType], bool], Callable[[pl.DataType, Sequence[object]], Ready]], ...
] = (
    (lambda dtype: dtype == pl.Boolean, _booleans),
    (lambda dtype: dtype == pl.String, _texts),
    (lambda dtype: dtype.is_integer(), _integers),
    (lambda dtype: dtype.is_float() or dtype.is_decimal(), _floats),
    (lambda dtype: dtype == pl.Date, _dates),
    (lambda dtype: isinstance(dtype, pl.Datetime), _times),
)
