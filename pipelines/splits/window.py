"""The split at given times, within a window of the log."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import model_validator

from features.errors import DataError, SchemaError
from features.readers.source import Source
from pipelines.splits.quantiles import Keys, ordered, quantiles
from pipelines.splits.shares import Share
from pipelines.splits.split import Measured, Split, named
from pipelines.splits.times import keys_of

Time = int | float | datetime

_NAMES = ("", "train", "ranker", "valid", "test", "")
_LAST = np.iinfo(np.uint64).max


class ByWindow(Split):
    """Rows from `test` on, before `end`, test; of those before it, from `start` on, the latest
    validate, those before them train a ranker, and the earliest train. Others are left out.

    Times are those of `column`, or without one the numbers of the rows, from 0. `ranker` and
    `valid` are shares of the rows before `test`; equal times stay together.
    """

    type: Literal["window"] = "window"
    column: str | None = None
    start: Time | None = None
    test: Time
    end: Time | None = None
    ranker: Share = 0.0
    valid: Share = 0.1

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.ranker + self.valid >= 1:
            raise ValueError(
                "`ranker` and `valid` are shares of the rows before `test`, and must leave some "
                f"to train; they add up to {self.ranker + self.valid:g}"
            )
        given = [one for one in (self.start, self.test, self.end) if one is not None]
        kinds = {isinstance(one, datetime) for one in given}
        if len(kinds) > 1 or not all(_before(*pair) for pair in pairwise(given)):
            raise ValueError(
                "`start`, `test` and `end` must be numbers or times alike, and ascend; got "
                f"{', '.join(map(str, given))}"
            )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        return () if self.column is None else (self.column,)

    @property
    def parts(self) -> tuple[str, ...]:
        given = {"train": 1, "ranker": self.ranker, "valid": self.valid, "test": 1}
        return tuple(part for part, share in given.items() if share)

    def require(self, source: Source) -> None:
        super().require(source)
        if self.column is not None:
            self._bounds(source.schema[self.column])

    def measure(self, source: Source) -> list[int]:
        """Where training ends, and the ranker's rows, as keys."""
        columns = list(self.columns) or [next(iter(source.schema))]
        start, test, _ = self._bounds(self._dtype(source))

        def keys() -> Iterator[Keys]:
            first = 0
            for frame in source.batches(columns):
                found = self._keys(frame, first)
                first += frame.height
                yield found[(found >= start) & (found < test)]

        if not any(map(len, keys())):
            raise DataError(
                f"Some rows must be before {self.test} ({self.column or 'row'}) to train on; none "
                "is. Change data.split."
            )
        shares = (1 - self.ranker - self.valid, 1 - self.valid)
        known = iter(quantiles(keys, [one for one in shares if one < 1]))
        return [next(known) if one < 1 else int(test) for one in shares]

    def assign(self, frame: pl.DataFrame, start: int, measured: Measured) -> pl.Series:
        assert measured is not None
        dtype = pl.Int64() if self.column is None else frame.schema[self.column]
        first, test, end = self._bounds(dtype)
        bounds = np.array([first, *measured, test, end], np.uint64)
        return named(np.searchsorted(bounds, self._keys(frame, start), side="right"), _NAMES)

    def _keys(self, frame: pl.DataFrame, start: int) -> Keys:
        if self.column is not None:
            return keys_of(frame, self.column)
        return ordered(pl.Series(np.arange(start, start + frame.height)))

    def _dtype(self, source: Source) -> pl.DataType:
        return pl.Int64() if self.column is None else source.schema[self.column]

    def _bounds(self, dtype: pl.DataType) -> npt.NDArray[np.uint64]:
        """Keys of `start`, `test` and `end` in a column of that dtype. Raises SchemaError."""
        start, test, end = (
            None if one is None else self._key(one, dtype)
            for one in (self.start, self.test, self.end)
        )
        return np.array([start or 0, test, _LAST if end is None else end], np.uint64)

    def _key(self, value: Time, dtype: pl.DataType) -> int:
        if isinstance(value, datetime) != dtype.is_temporal():
            raise SchemaError(
                f"Column '{self.column}' holds {dtype}, so that start, test and end of data.split "
                f"must be {'times' if dtype.is_temporal() else 'numbers'}; got {value}."
            )
        if isinstance(value, datetime):
            naive = pl.Series([_plain(value)], dtype=pl.Datetime("us"))
            own = pl.Datetime(dtype.time_unit) if isinstance(dtype, pl.Datetime) else dtype
            return int(ordered(naive.cast(own).to_physical())[0])
        if dtype.is_integer():
            whole = math.ceil(value)
            if dtype.is_unsigned_integer():
                return int(ordered(pl.Series([max(whole, 0)], dtype=pl.UInt64()))[0])
            return int(ordered(pl.Series([whole], dtype=pl.Int64()))[0])
        return int(ordered(pl.Series([float(value)]))[0])


def _before(first: Time, second: Time) -> bool:
    if isinstance(first, datetime) and isinstance(second, datetime):
        return _plain(first) < _plain(second)
    return first < second  # type: ignore[operator]


def _plain(value: datetime) -> datetime:
    """What names no zone is UTC."""
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
