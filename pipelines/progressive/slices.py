"""Which slice of the log each training row belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import ConfigError, SchemaError
from features.transforms.text import canonical
from pipelines.config import Config
from pipelines.division import Division

DEFAULT_ROWS, MOST = 100_000, 10_000

Rows = npt.NDArray[np.intp] | slice


@dataclass(frozen=True)
class Slices:
    """Names in the order of the log, and the number of each row's, int32 (rows,)."""

    names: list[str]
    numbers: npt.NDArray[np.int32]

    def __iter__(self) -> Iterator[tuple[str, Rows]]:
        """Each slice's name and rows, in order."""
        order = np.argsort(self.numbers, kind="stable")
        ends = np.cumsum(np.bincount(self.numbers, minlength=len(self.names)))
        yield from zip(self.names, np.split(order, ends[:-1]), strict=True)


def by_rows(rows: int, size: int) -> Iterator[tuple[str, Rows]]:
    """Of `size` consecutive rows, the last one of what is left; the first row is the name."""
    return ((str(at), slice(at, min(at + size, rows))) for at in range(0, rows, size))


def by_column(config: Config, column: str, period: float | None) -> Slices:
    """By one more pass over a column of the log, in which the training rows stand as encoded.

    Raises:
        SchemaError: the column is absent, or a period is of what is neither time nor number.
        ConfigError: there are more slices than anybody reads.
    """
    known: dict[str, int] = {}
    numbers = [np.empty(0, np.int32)]
    for piece in Division(config).pieces([column]):
        if piece.part != "train":
            continue
        key = piece.rows.select(_key(column, piece.rows.schema[column], period)).to_series()
        for name in key.unique(maintain_order=True):
            known.setdefault(name, len(known))
        if len(known) > MOST:
            raise ConfigError(
                f"train.progressive must make at most {MOST} slices; column '{column}' makes "
                "more. Give a longer `period`, or choose another column."
            )
        numbers.append(key.replace_strict(known, return_dtype=pl.Int32).to_numpy())
    return Slices(list(known), np.concatenate(numbers))


def _key(column: str, dtype: pl.DataType, period: float | None) -> pl.Expr:
    value = pl.col(column)
    if period is None:
        return canonical(value, dtype, column).fill_null("missing")
    if isinstance(dtype, pl.Date | pl.Datetime):
        start = (value.dt.timestamp("us") / (period * 1e6)).floor() * (period * 1e6)
        dtype = pl.Datetime("us")
        made = start.cast(pl.Int64).cast(dtype)
    elif dtype.is_numeric():
        dtype = pl.Float64()
        made = (value.cast(dtype) / period).floor() * period
    else:
        raise SchemaError(
            f"Column '{column}' must hold times or numbers to be divided by "
            f"train.progressive.period; it holds {dtype}. Leave the period out, or convert it."
        )
    return canonical(made, dtype, column).fill_null("missing")
