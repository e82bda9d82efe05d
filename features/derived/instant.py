"""One instant, however a log or a request writes it."""

from __future__ import annotations

from typing import Literal

import polars as pl

from features.derived.bound import bound
from features.errors import SchemaError

Unit = Literal["s", "ms", "us", "ns"]

SECOND = 1_000_000  # microseconds
_DAY = 86_400 * SECOND
_PER_UNIT = {"s": SECOND, "ms": 1_000, "us": 1}
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # seconds: the years 1 to 9999
_ISO = (
    r"^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]+))?)?"
    r"\s*(?:[Zz]|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?\s*$"
)


def instant(value: pl.Expr, dtype: pl.DataType, column: str, unit: Unit) -> pl.Expr:
    """Microseconds since 1970 as Int64, null where missing, unreadable or outside years 1 to 9999.

    A datetime, a date (its midnight), a number of `unit` since 1970, or text: ISO 8601 or such a
    number. What names no zone is UTC; what is finer than a microsecond is cut, never rounded up.

    Raises:
        SchemaError: the dtype holds no times.
    """
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return _of_text(value.cast(pl.String), unit)
    if isinstance(dtype, pl.Datetime):
        return _of_integer(value.cast(pl.Int64), dtype.time_unit)
    if dtype == pl.Date:
        return _of_integer(value.cast(pl.Int64) * 86_400, "s")
    if dtype.is_integer() or dtype == pl.Null:
        return _of_integer(value.cast(pl.Int64, strict=False), unit)
    if dtype.is_float() or dtype.is_decimal():
        return _of_float(value.cast(pl.Float64), unit)
    raise SchemaError(
        f"Column '{column}' must hold times (datetimes, dates, ISO 8601 text, or numbers since "
        f"1970); it holds {dtype}. Convert it."
    )


def _of_integer(value: pl.Expr, unit: Unit) -> pl.Expr:
    if unit == "ns":
        value, unit = value // 1_000, "us"  # 64 bits of nanoseconds span 292 years around 1970
    per = _PER_UNIT[unit]
    low, high = _FIRST * SECOND // per, ((_LAST + 1) * SECOND - 1) // per

    def scaled(value: pl.Expr) -> pl.Expr:
        return pl.when(value.is_between(low, high)).then(value * per)

    return bound({"value": value}, scaled)


def _of_float(value: pl.Expr, unit: Unit) -> pl.Expr:
    """The whole part is exact; the rest rounds, for 0.1 is no binary number, but never up to 1."""
    if unit == "ns":
        return _of_integer(value.floor().cast(pl.Int64, strict=False), unit)
    per = _PER_UNIT[unit]

    def scaled(value: pl.Expr) -> pl.Expr:
        rest = ((value - value.floor()) * per).round().clip(upper_bound=per - 1)
        whole = _of_integer(value.floor().cast(pl.Int64, strict=False), unit)
        return whole + rest.cast(pl.Int64, strict=False)

    return bound({"value": value}, scaled)


def _of_text(value: pl.Expr, unit: Unit) -> pl.Expr:
    number = value.str.strip_chars()
    parts = value.str.extract_groups(_ISO)
    return pl.coalesce(
        _of_integer(parts.struct.with_fields(_of_parts().alias("all")).struct.field("all"), "us"),
        _of_integer(number.cast(pl.Int64, strict=False), unit),
        _of_float(number.cast(pl.Float64, strict=False), unit),
    )


def _of_parts() -> pl.Expr:
    """Microseconds since 1970 of the fields that `_ISO` captures, by their numbers."""

    def total(sizes: dict[str, int]) -> pl.Expr:
        amounts = [pl.field(group).cast(pl.Int64) * size for group, size in sizes.items()]
        return pl.sum_horizontal(amounts)  # those that are absent count as 0

    day = pl.field("1").str.to_date("%Y-%m-%d", strict=False).cast(pl.Int64) * _DAY
    clock = total({"2": 3_600 * SECOND, "3": 60 * SECOND, "4": SECOND})
    fraction = pl.field("5").str.pad_end(6, "0").str.head(6).cast(pl.Int64).fill_null(0)
    shift = total({"7": 3_600 * SECOND, "8": 60 * SECOND})
    return day + clock + fraction - pl.when(pl.field("6") == "-").then(-shift).otherwise(shift)
