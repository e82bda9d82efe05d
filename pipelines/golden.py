"""The raw rows of a bundle's golden requests."""

from __future__ import annotations

import polars as pl

from features.schema import Schema

_ROWS = 24
_UNSEEN = "crossrank: a value no log holds"


def sample(raw: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Rows spread over `raw`, then one with every value missing and one with unseen ids."""
    step = max(1, raw.height // _ROWS)
    rows = raw.gather_every(step).head(_ROWS)
    missing = rows.head(1).select(pl.lit(None, dtype=dtype).alias(n) for n, dtype in _types(rows))
    numeric = {feature.column for feature in schema.features if feature.type == "numeric"}
    unseen = rows.head(1).select(
        pl.col(name) if name in numeric else _unseen(dtype).alias(name)
        for name, dtype in _types(rows)
    )
    return pl.concat([rows, missing, unseen])


def _types(frame: pl.DataFrame) -> list[tuple[str, pl.DataType]]:
    return list(frame.schema.items())


def _unseen(dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.List | pl.Array):
        inner = dtype.inner() if isinstance(dtype.inner, type) else dtype.inner
        assert isinstance(inner, pl.DataType)
        return pl.concat_list(_unseen(inner)).cast(dtype)
    if dtype == pl.String:
        return pl.lit(_UNSEEN)
    if dtype.is_signed_integer():
        return dtype.min().cast(dtype)  # type: ignore[attr-defined, no-any-return]
    return pl.lit(None, dtype=dtype)
