"""Values computed once and used often: Polars copies an expression wherever it is used again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl


def bound(values: Mapping[str, pl.Expr], body: Callable[..., pl.Expr]) -> pl.Expr:
    """`body` of the values, given by name, each computed once.

    Without it, nested expressions that use an operand twice double in size at every level.
    """
    fields = {name: pl.field(name) for name in values}
    packed = pl.struct([value.alias(name) for name, value in values.items()])
    result: pl.Expr = packed.struct.with_fields(body(**fields).alias("_result"))
    return result.struct.field("_result")


def finite(value: pl.Expr) -> pl.Expr:
    """The Float64 value, null where it is NaN or infinite."""
    return bound({"value": value}, lambda value: pl.when(value.is_finite()).then(value))


def filled(value: pl.Expr) -> pl.Expr:
    """The text, null where it is empty."""
    return bound({"value": value}, lambda value: pl.when(value != "").then(value))


def quotient(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """one / other, rounded alike in every row.

    By a divisor that all rows share Polars multiplies with its reciprocal, so that 98 / 49 is
    below 2 in a batch, and is 2 in a row alone; by a column, which `other` is here, it divides.
    """
    return bound({"one": one, "other": other}, lambda one, other: one / other)
