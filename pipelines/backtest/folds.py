"""Folds of a backtest: where each trains from, where it tests, and where that ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from features.errors import ConfigError, DataError
from features.readers.open import open_source
from features.readers.source import Source
from pipelines.config import Config
from pipelines.splits.order import ByOrder
from pipelines.splits.shares import ByShare
from pipelines.splits.time import ByTime
from pipelines.splits.times import keys_of
from pipelines.splits.window import ByWindow, Time

DAY = 86_400.0  # seconds
TENTHS = 10  # periods of a log that is in order, unless a period is given

_EPOCH = datetime(1970, 1, 1)
# Seconds since 1970 of the years 1990 to 2100: numbers in between are taken for times.
_UNIX = (631_152_000, 4_102_444_800)


class Rolling(BaseModel):
    """How a backtest moves over the log, in periods: the first fold trains on `first` of them (half
    of all, unless given), tests on the next `step`, and each fold moves on by as many. Training
    sees all that came before, or the last `window` periods.

    `period` is in seconds for a column of times, in the column's unit for numbers, in rows without
    a column. Unless given it is a day, or a tenth of the rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str | None = None
    period: float | None = Field(default=None, gt=0)
    first: int | None = Field(default=None, ge=1)
    step: int = Field(default=1, ge=1)
    window: int | None = Field(default=None, ge=1)


@dataclass(frozen=True)
class Fold:
    """One training and its test; `split` says which rows are of either."""

    number: int
    split: ByWindow

    @property
    def name(self) -> str:
        return f"fold-{self.number:02d}"

    @property
    def described(self) -> dict[str, Any]:
        told = self.split.model_dump(mode="json")
        return {"fold": self.number, **{key: told[key] for key in ("start", "test", "end")}}


def folds_of(config: Config, rolling: Rolling) -> list[Fold]:
    """In the order of time, by one pass over the column.

    Raises:
        ConfigError: the split knows no order, or numbers come without a period.
        DataError: the log is shorter than the first fold.
    """
    data = config.data
    column = _column(config, rolling)
    options = {"filter": data.filter, **data.options}
    source = open_source(data.paths, data.format, config.base, **options)
    axis = _rows(source, rolling) if column is None else _times(source, column, rolling)
    ranker, valid = _shares(config)
    first = rolling.first or max(1, axis.periods // 2)
    if first >= axis.periods:
        raise DataError(
            f"A backtest trains on {first} periods first and tests on the next; the log has "
            f"{axis.periods} of {axis.period:g}. Give a shorter --period, or a smaller --first."
        )
    found = []
    for number, test in enumerate(range(first, axis.periods, rolling.step), 1):
        start = 0 if rolling.window is None else max(0, test - rolling.window)
        split = ByWindow(
            column=column,
            start=axis.at(start),
            test=axis.at(test),
            end=axis.at(test + rolling.step),
            ranker=ranker,
            valid=valid,
        )
        found.append(Fold(number, split))
    return found


@dataclass(frozen=True)
class _Axis:
    """Periods, from `origin` on."""

    origin: float
    period: float
    periods: int
    is_time: bool

    def at(self, period: int) -> Time:
        value = self.origin + period * self.period
        if self.is_time:
            return _EPOCH + timedelta(seconds=value)
        return int(value) if value.is_integer() else value


def _column(config: Config, rolling: Rolling) -> str | None:
    split = config.data.split
    if rolling.column is not None:
        return rolling.column
    if isinstance(split, ByTime | ByWindow):
        return split.column
    if isinstance(split, ByOrder):
        return None
    raise ConfigError(
        "A backtest needs rows in time: a split of type time or order, or --column, the column "
        f"that holds their times; the split is of type {split.type}."
    )


def _shares(config: Config) -> tuple[float, float]:
    """Of the rows before a test, those that train the ranker and those that validate."""
    split = config.data.split
    if isinstance(split, ByWindow):
        return split.ranker, split.valid
    ranker, valid = (0.0, 0.1)
    if isinstance(split, ByShare):
        rest = 1 - split.test
        ranker, valid = split.ranker / rest, split.valid / rest
    return ranker, valid or 0.1  # which picks the epoch, even where files of their own did


def _rows(source: Source, rolling: Rolling) -> _Axis:
    rows = source.count()
    period = float(max(1, math.ceil(rolling.period or rows / TENTHS)))
    return _Axis(0.0, period, math.ceil(rows / period), is_time=False)


def _times(source: Source, column: str, rolling: Rolling) -> _Axis:
    ByTime(column=column).require(source)
    low, high = math.inf, -math.inf
    is_time = source.schema[column].is_temporal()
    for frame in source.batches([column]):
        keys_of(frame, column)  # refuses what is no time
        values = _numbers(frame[column])
        low, high = min(low, values.min()), max(high, values.max())
    period = rolling.period or (DAY if is_time else _guessed(column, low, high))
    origin = math.floor(low / period) * period
    return _Axis(origin, period, math.floor((high - origin) / period) + 1, is_time)


def like_unix(low: float, high: float) -> bool:
    """Whether numbers between these are taken for seconds since 1970."""
    return _UNIX[0] <= low and high <= _UNIX[1]


def _numbers(values: pl.Series) -> npt.NDArray[np.float64]:
    """Times in seconds since 1970, numbers as they are."""
    if values.dtype.is_temporal():
        values = values.cast(pl.Datetime("us")).to_physical() / 1e6
    return values.cast(pl.Float64).to_numpy()


def _guessed(column: str, low: float, high: float) -> float:
    """A day, in the unit of numbers that look like times since 1970."""
    for per_second in (1.0, 1e3, 1e6, 1e9):
        if like_unix(low / per_second, high / per_second):
            return DAY * per_second
    raise ConfigError(
        f"Column '{column}' holds numbers from {low:g} to {high:g}, which are no times since 1970; "
        "say how long a period is with --period."
    )
