"""The time from one moment to another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, Self

import polars as pl
from pydantic import model_validator

from features.derived.bound import quotient
from features.derived.derived import Derived, Name
from features.derived.instant import SECOND, Unit, instant
from features.want import Want

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SIZES = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}


class Age(Derived):
    """The time of `column` less that of `since`, a column, or less `reference`, a fixed time.

    A Float64 in `unit`s, negative where `column` is the earlier. `epoch` is the unit of numbers.
    What names no zone of its own is UTC.

        [[derived]]
        type = "age"
        name = "item_age"
        column = "shown_at"
        since = "published_at"
        unit = "hours"
    """

    type: Literal["age"] = "age"
    column: Name
    since: Name | None = None
    reference: dt.datetime | None = None
    unit: Literal["seconds", "minutes", "hours", "days"] = "days"
    epoch: Unit = "s"

    @model_validator(mode="after")
    def _from_one(self) -> Self:
        if (self.since is None) == (self.reference is None):
            raise ValueError("an age is counted from either `since` or `reference`; give one")
        return self

    @property
    def wants(self) -> dict[str, Want]:
        columns = [self.column] if self.since is None else [self.column, self.since]
        return dict.fromkeys(columns, "value")

    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        start = self._start() if self.since is None else self._moment(self.since, dtypes)
        elapsed = self._moment(self.column, dtypes) - start
        return quotient(elapsed.cast(pl.Float64), pl.lit(float(_SIZES[self.unit] * SECOND)))

    def _moment(self, column: str, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        return instant(pl.col(column), self.dtype(column, dtypes), column, self.epoch)

    def _start(self) -> pl.Expr:
        assert self.reference is not None
        zone = self.reference.tzinfo or dt.UTC
        since = self.reference.replace(tzinfo=zone) - _EPOCH
        return pl.lit(since // dt.timedelta(microseconds=1), pl.Int64)
