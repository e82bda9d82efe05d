"""A part of a time: the hour of the day, the day of the week."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Literal
from zoneinfo import available_timezones

import polars as pl
from pydantic import field_validator

from features.derived.derived import Derived, Name
from features.derived.instant import Unit, instant
from features.suggest import nearest
from features.want import Want

Part = Literal[
    "minute", "hour", "weekday", "day", "month", "quarter", "year", "hour_of_week", "date",
    "minute_sin", "minute_cos", "hour_sin", "hour_cos", "weekday_sin", "weekday_cos",
    "day_sin", "day_cos", "month_sin", "month_cos", "hour_of_week_sin", "hour_of_week_cos",
]  # fmt: skip


def _hour_of_week(time: pl.Expr) -> pl.Expr:
    return (time.dt.weekday().cast(pl.Int32) - 1) * 24 + time.dt.hour().cast(pl.Int32)


_PARTS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "minute": lambda time: time.dt.minute(),
    "hour": lambda time: time.dt.hour(),
    "weekday": lambda time: time.dt.weekday(),
    "day": lambda time: time.dt.day(),
    "month": lambda time: time.dt.month(),
    "quarter": lambda time: time.dt.quarter(),
    "year": lambda time: time.dt.year(),
    "hour_of_week": _hour_of_week,
}
_CYCLES = {  # part: its first value, how many there are
    "minute": (0, 60), "hour": (0, 24), "weekday": (1, 7), "day": (1, 31), "month": (1, 12),
    "hour_of_week": (0, 168),
}  # fmt: skip
_TURNS = {"sin": pl.Expr.sin, "cos": pl.Expr.cos}


class Time(Derived):
    """A `part` of a time, in `zone`: a whole number, a date, or a place on a circle.

    Weekdays are 1 (Monday) to 7, hours of the week 0 (Monday 00:00) to 167. `hour_sin` and
    `hour_cos` put the hour on a circle, so that 23 is next to 0. `unit` is that of numbers. What
    names no zone of its own is UTC.

        [[derived]]
        type = "time"
        name = "hour"
        column = "shown_at"
        part = "hour"
        zone = "Europe/Oslo"
    """

    type: Literal["time"] = "time"
    column: Name
    part: Part
    zone: str = "UTC"
    unit: Unit = "s"

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            pl.Series([], dtype=pl.Datetime("us", "UTC")).dt.convert_time_zone(zone)
        except pl.exceptions.PolarsError:
            raise ValueError(
                f"a zone must be an IANA name, such as 'Europe/Oslo'; got {zone!r}."
                f"{nearest(zone, sorted(available_timezones()))}"
            ) from None
        return zone

    @property
    def wants(self) -> dict[str, Want]:
        return {self.column: "value"}

    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        dtype = self.dtype(self.column, dtypes)
        since = instant(pl.col(self.column), dtype, self.column, self.unit)
        time = since.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(self.zone)
        if self.part == "date":
            return time.dt.date()
        name, _, turn = self.part.rpartition("_")
        if turn not in _TURNS:
            return _PARTS[self.part](time).cast(pl.Int32)
        first, count = _CYCLES[name]
        return _TURNS[turn]((_PARTS[name](time).cast(pl.Float64) - first) * (math.tau / count))
