"""One canonical text for one id, whatever type a log or a request gave it."""

from __future__ import annotations

import polars as pl

from features.errors import SchemaError


def canonical(value: pl.Expr, dtype: pl.DataType, column: str) -> pl.Expr:
    """String form of an id, null where it is missing, which "" and NaN are.

    7, 7.0, "7" and the decimal 7.00 are the same id; true is 1; a time is the same in any unit.

    Raises:
        SchemaError: the dtype cannot name an id (a list, a struct, binary).
    """
    text = written(value, dtype, column)
    if dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum):
        return pl.when(text != "").then(text)
    return text


def written(value: pl.Expr, dtype: pl.DataType, column: str) -> pl.Expr:
    """As `canonical`, but "" stays "": `Vocabulary.lookup` takes it for missing, and faster."""
    if dtype == pl.String:
        return value
    if dtype.is_integer() or isinstance(dtype, pl.Categorical | pl.Enum | pl.Null | pl.Date):
        return value.cast(pl.String)
    if dtype.is_float():
        whole = value.is_finite() & (value == value.round()) & (value.abs() < 2**53)
        integer = value.cast(pl.Int64, strict=False).cast(pl.String)
        number = pl.when(value.is_not_nan()).then(value.cast(pl.String))
        return pl.when(whole).then(integer).otherwise(number)
    if dtype == pl.Boolean:
        return value.cast(pl.Int8).cast(pl.String)
    if isinstance(dtype, pl.Decimal):
        text = value.cast(pl.String)
        return text.str.strip_chars_end("0").str.strip_chars_end(".") if dtype.scale else text
    if isinstance(dtype, pl.Datetime):
        zone = "%:z" if dtype.time_zone else ""
        return value.dt.to_string(f"%Y-%m-%d %H:%M:%S%.f{zone}")
    if dtype == pl.Time:
        return value.dt.to_string("%H:%M:%S%.f")
    raise SchemaError(
        f"Column '{column}' must hold text, numbers, booleans or dates to be an id; it holds "
        f"{dtype}. Declare it as a sequence, or convert it."
    )
