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
