"""Columns read as numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import SchemaError


def as_number(column: str, dtype: pl.DataType) -> pl.Expr | None:
    """Expression from the raw column to one that `numbers` takes; None where it is one.

    Raises SchemaError where the dtype holds no numbers.
    """
    if dtype == pl.Float64 or (dtype.is_integer() and dtype not in (pl.Int128, pl.UInt128)):
        return None
    if dtype.is_numeric() or dtype in (pl.Boolean, pl.Null):
        return pl.col(column).cast(pl.Float64)
    raise SchemaError(
        f"Column '{column}' must hold numbers; it holds {dtype}. "
        "Convert it, or declare the feature as an id."
    )


def numbers(values: pl.Series) -> npt.NDArray[np.float64]:
    """Numbers as float64 (n,), NaN where missing."""
    return values.to_numpy().astype(np.float64, copy=False)
