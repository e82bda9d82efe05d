"""Which rows are for training, for the ranker, for validation, for test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.errors import DataError, SchemaError
from features.readers.source import Source
from features.suggest import listing, nearest

PARTS = ("train", "ranker", "valid", "test")

Share = Annotated[float, Field(ge=0, le=1)]
Bounds = npt.NDArray[np.float64]


class Split(BaseModel, ABC):
    """Assigns rows to parts: `measure` once over the source, then `assign` frame by frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def columns(self) -> tuple[str, ...]:
        """Raw columns that the assignment reads."""
        return ()

    @abstractmethod
    def measure(self, source: Source) -> Any:
        """What has to be known of all rows."""

    @abstractmethod
    def assign(self, frame: pl.DataFrame, start: int, measured: Any) -> pl.Series:
        """The part of each row, String. `start` is the number of rows before the frame."""

    def require(self, source: Source) -> None:
        """Raise SchemaError where a column that decides the split is absent."""
        for column in self.columns:
            if column not in source.schema:
                raise SchemaError(
                    f"Column '{column}' (the split) must be in the data; it holds "
                    f"{listing(source.schema)}.{nearest(column, source.schema)}"
                )


class _ByShare(Split, ABC):
    """Shares of the data by part; they add up to 1."""

    train: Share = 0.8
    ranker: Share = 0.0
    valid: Share = 0.1
    test: Share = 0.1

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = self.train + self.ranker + self.valid + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the shares of the parts must add up to 1; they add up to {total:g}")
        return self

    @property
    def bounds(self) -> Bounds:
        """Where train, ranker and valid end, as shares of the whole."""
        return np.cumsum([self.train, self.ranker, self.valid])

    @staticmethod
    def _named(numbers: npt.NDArray[np.intp]) -> pl.Series:
        return pl.Series(np.array(PARTS)[numbers])


class ByOrder(_ByShare):
    """The first rows train, the last ones test: for logs in time order."""

    type: Literal["order"] = "order"

    def measure(self, source: Source) -> Bounds:
        return np.rint(self.bounds * source.count())

    def assign(self, frame: pl.DataFrame, start: int, measured: Bounds) -> pl.Series:
        rows = np.arange(start, start + frame.height)
        return self._named(np.searchsorted(measured, rows, side="right"))


class ByTime(_ByShare):
    """The earliest values of `column` train, the latest test; equal times stay together."""

    type: Literal["time"] = "time"
    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def measure(self, source: Source) -> Bounds:
        times = np.concatenate(
            [self._times(frame) for frame in source.batches([self.column])] or [np.empty(0)]
        )
        if len(times) == 0:
            raise DataError("A split by time needs rows; the data holds none.")
        # The part ends before this time. A share of 1 ends after the last.
        ends = [
            np.quantile(times, share, method="higher") if share < 1 else np.inf
            for share in self.bounds
        ]
        return np.array(ends)

    def _times(self, frame: pl.DataFrame) -> npt.NDArray[np.float64]:
        column = frame[self.column]
        if column.null_count():
            raise DataError(
                f"Every row must have a time to split by; column '{self.column}' misses "
                f"{column.null_count()} of {frame.height} rows. Fill or remove them."
            )
        if column.dtype.is_temporal():
            column = column.to_physical()
        if not column.dtype.is_numeric():
            raise SchemaError(
                f"Column '{self.column}' must hold numbers or times to split by; it holds "
                f'{column.dtype}. Choose another column, or `type = "hash"`.'
            )
        return column.cast(pl.Float64).to_numpy()

    def assign(self, frame: pl.DataFrame, start: int, measured: Bounds) -> pl.Series:  # noqa: ARG002
        return self._named(np.searchsorted(measured, self._times(frame), side="right"))


class ByHash(_ByShare):
    """By a stable hash of `column` (a user, a query), so that no value straddles two parts."""

    type: Literal["hash"] = "hash"
    column: str
    seed: int = Field(default=0, ge=0, lt=10**16)

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def measure(self, source: Source) -> None:  # noqa: ARG002
        return None

    def assign(self, frame: pl.DataFrame, start: int, measured: None) -> pl.Series:  # noqa: ARG002
        values = frame[self.column].cast(pl.String).fill_null("").to_numpy().astype(object)
        # SipHash-2-4 under our key, then SplitMix64: published, unlike Polars' own hash.
        hashed = pd.util.hash_array(values, hash_key=f"{self.seed:016d}", categorize=True)
        shares = (hashed >> np.uint64(11)) / float(2**53)
        return self._named(np.searchsorted(self.bounds, shares, side="right"))


class ByColumn(Split):
    """A column names the part: train, ranker, valid or test. Other values are left out."""

    type: Literal["column"] = "column"
    column: str = "split"

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def measure(self, source: Source) -> None:  # noqa: ARG002
        return None

    def assign(self, frame: pl.DataFrame, start: int, measured: None) -> pl.Series:  # noqa: ARG002
        return frame[self.column].cast(pl.String).fill_null("")


AnySplit = Annotated[ByOrder | ByTime | ByHash | ByColumn, Field(discriminator="type")]
