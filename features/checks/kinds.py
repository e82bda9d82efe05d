"""A raw column read as numbers, text, times ..., whatever type a log or a request gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from features.errors import SchemaError
from features.transforms.text import canonical

Kind = Literal["number", "integer", "text", "boolean", "time", "list"]

_WIDE = (pl.UInt64, pl.Int128, pl.UInt128)  # integers that 64 signed bits may not hold
_FLAGS = {"1": True, "true": True, "0": False, "false": False}
_ZONE = r"(Z|[+-]\d\d:?\d\d)$"


@dataclass(frozen=True)
class Reading:
    """A column's values, null where they are not of the kind; their type; and where that is.

    wrong: Boolean, null or false where a value is missing; None where the type says that all hold.
    """

    value: pl.Expr
    dtype: pl.DataType
    wrong: pl.Expr | None = None


def read(kind: Kind | None, name: str, dtype: pl.DataType) -> Reading:
    """The column `name`, of this dtype, as the kind; as it is where none is declared.

    Numbers become Float64 (narrower floats stay), integers Int64 and booleans Boolean, so that what
    follows does not depend on the type they came in. Text, times and lists stay as they are.
    """
    column = pl.col(name)
    match kind:
        case "number":
            return _number(column, dtype)
        case "integer":
            return _integer(column, dtype)
        case "boolean":
            return _boolean(column, dtype)
        case "text":
            nameable = _text(column, dtype) is not None
            return Reading(column, dtype) if nameable else _nothing(column, dtype, pl.String())
        case "time":
            return _time(column, dtype)
        case "list":
            lists = isinstance(dtype, pl.List | pl.Array | pl.Null)
            return Reading(column, dtype) if lists else _nothing(column, dtype, pl.List(pl.String))
        case None:
            return Reading(column, dtype)


def absent(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Whether a value is missing, which NaN and "" are."""
    if dtype.is_float():
        return value.is_null() | value.is_nan()
    return value.is_null() | (value.cast(pl.String) == "") if _textual(dtype) else value.is_null()


def _textual(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def _text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr | None:
    """The canonical text of values; None where the type has none."""
    try:
        return canonical(column, dtype, "")
    except SchemaError:
        return None


def _nothing(column: pl.Expr, dtype: pl.DataType, wanted: pl.DataType) -> Reading:
    """A column of a type that cannot be of the kind: no value of it is."""
    value = pl.when(column.is_null()).then(pl.lit(None, wanted))
    return Reading(value, wanted, wrong=~absent(column, dtype))


def _number(column: pl.Expr, dtype: pl.DataType) -> Reading:
    if dtype.is_float():
        return Reading(column.fill_nan(None), dtype)
    if dtype.is_numeric() or isinstance(dtype, pl.Boolean | pl.Null):
        return Reading(column.cast(pl.Float64), pl.Float64())
    if not _textual(dtype):
        return _nothing(column, dtype, pl.Float64())
    text = column.cast(pl.String)
    value = text.cast(pl.Float64, strict=False).fill_nan(None)
    return Reading(value, pl.Float64(), wrong=value.is_null() & (text != ""))


def _integer(column: pl.Expr, dtype: pl.DataType) -> Reading:
    if dtype.is_integer() or isinstance(dtype, pl.Boolean | pl.Null):
        value = column.cast(pl.Int64, strict=False)
        wide = isinstance(dtype, _WIDE)
        wrong = value.is_null() & column.is_not_null() if wide else None
        return Reading(value, pl.Int64(), wrong)
    if dtype.is_float():
        whole = pl.when(column == column.round()).then(column)
        value = whole.cast(pl.Int64, strict=False)
        return Reading(value, pl.Int64(), wrong=value.is_null() & column.is_not_nan())
    text = _text(column, dtype) if _textual(dtype) or dtype.is_decimal() else None
    if text is None:
        return _nothing(column, dtype, pl.Int64())
    value = text.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)  # "7.0" is 7
    return Reading(value, pl.Int64(), wrong=value.is_null() & text.is_not_null())


def _boolean(column: pl.Expr, dtype: pl.DataType) -> Reading:
    if dtype == pl.Boolean:
        return Reading(column, dtype)
    text = _text(column, dtype)
    if text is None:
        return _nothing(column, dtype, pl.Boolean())
    value = text.str.to_lowercase().replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)
    return Reading(value, pl.Boolean(), wrong=value.is_null() & text.is_not_null())


def _time(column: pl.Expr, dtype: pl.DataType) -> Reading:
    if isinstance(dtype, pl.Date | pl.Datetime | pl.Time | pl.Null):
        return Reading(column, dtype)
    if not _textual(dtype):
        return _nothing(column, dtype, pl.String())
    text = column.cast(pl.String)
    moment = text.str.replace("T", " ", literal=True).str.replace(_ZONE, "")
    told = (
        text.str.to_date("%Y-%m-%d", strict=False).is_not_null()
        | moment.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us").is_not_null()
        | text.str.to_time("%H:%M:%S%.f", strict=False).is_not_null()
    )
    wrong = (text != "") & ~(told & text.str.contains(r"^\d{4}-|^\d\d:"))
    return Reading(pl.when(wrong).then(None).otherwise(column), dtype, wrong)
