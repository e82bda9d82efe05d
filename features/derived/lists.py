"""Lists of ids as lists of their canonical texts."""

from __future__ import annotations

import polars as pl

from features.derived.dtype import instance
from features.errors import SchemaError
from features.transforms.text import canonical


def elements(column: str, dtype: pl.DataType) -> tuple[pl.Expr, pl.DataType]:
    """The column as lists, and the dtype of their elements.

    Raises:
        SchemaError: the column holds no lists.
    """
    if dtype == pl.Null:
        return pl.col(column).cast(pl.List(pl.String)), pl.String()
    if not isinstance(dtype, pl.List | pl.Array):
        raise SchemaError(
            f"Column '{column}' must hold lists; it holds {dtype}. Read it as lists, or derive "
            "lists from its text with type 'tokens'."
        )
    inner = instance(dtype.inner)
    return pl.col(column).cast(pl.List(inner)), inner


def texts(column: str, dtype: pl.DataType) -> pl.Expr:
    """Lists of canonical texts, missing elements dropped: List(String). Raises SchemaError."""
    lists, inner = elements(column, dtype)
    return lists.list.eval(canonical(pl.element(), inner, column)).list.drop_nulls()
