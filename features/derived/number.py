"""One Float64 for one number, whatever type a log or a request gave it."""

from __future__ import annotations

import polars as pl

from features.errors import SchemaError


def is_number(dtype: pl.DataType) -> bool:
    """Whether columns of the dtype hold numbers, booleans (1 and 0), or nothing at all."""
    return dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)


def number(value: pl.Expr, dtype: pl.DataType, column: str) -> pl.Expr:
    """Float64 form of a number, null where it is missing, which NaN and infinities are.

    Raises:
        SchemaError: the dtype holds no numbers.
    """
    if not is_number(dtype):
        raise SchemaError(
            f"Column '{column}' must hold numbers; it holds {dtype}. Convert it, or use it as text."
        )
    if dtype.is_float():
        value = pl.when(value.is_finite()).then(value)
    return value.cast(pl.Float64)
