"""Polars writes a dtype as a class or as an instance; code that asks needs the instance."""

from __future__ import annotations

from typing import Any

import polars as pl


def instance(dtype: Any) -> pl.DataType:
    """The dtype itself, or the plain instance of its class."""
    made: pl.DataType = dtype if isinstance(dtype, pl.DataType) else dtype()
    return made
