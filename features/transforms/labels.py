"""Labels to learn statistics from."""

from __future__ import annotations

import polars as pl

from features.errors import DataError


def finite(label: pl.Series) -> pl.Series:
    """Labels as Float64. Raises DataError where one is missing or not a finite number."""
    values = label.cast(pl.Float64, strict=False)
    if not values.is_finite().fill_null(False).all():
        raise DataError(
            f"Labels must be finite numbers; column '{label.name}' holds others. "
            "Fill or remove those rows."
        )
    return values


def binary(label: pl.Series) -> pl.Series:
    """As `finite`, 0 or 1. Raises DataError for others."""
    values = finite(label)
    if not values.is_in([0.0, 1.0]).all():
        raise DataError(f"Labels must be 0 or 1; column '{label.name}' holds others. Map it first.")
    return values
