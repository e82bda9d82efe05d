import datetime as dt
import math
from typing import Any, get_args
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.derived.time import _CYCLES, _PARTS, _TURNS, Part, Time
from features.errors import SchemaError

MOMENT = dt.datetime(2024, 1, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC)
SECONDS = 1706745599


def parts(values: Any, part: Any = "hour", **options: Any) -> list[Any]:
    series = values if isinstance(values, pl.Series) else pl.Series(values)
    made = Time(name="x", column="at", part=part, **options)
    frame = series.to_frame("at")
    return frame.select(made.expression(frame.schema)).to_series().to_list()


def test_the_parts_are_those_that_can_be_asked_for() -> None:
    cycles = {f"{name}_{turn}" for name in _CYCLES for turn in _TURNS}
    assert {*_PARTS, *cycles, "date"} == set(get_args(Part))


def test_by_hand() -> None:
    # 31 January 2024 is a Wednesday.
    expected = {
        "minute": 59, "hour": 23, "weekday": 3, "day": 31, "month": 1, "quarter": 1, "year": 2024,
        "hour_of_week": 2 * 24 + 23, "date": dt.date(2024, 1, 31),
    }  # fmt: skip
    assert {part: parts([MOMENT], part)[0] for part in expected} == expected
    assert parts([MOMENT], "hour", zone="Asia/Kathmandu") == [5]  # + 5:45
    assert parts([MOMENT], "minute", zone="Asia/Kathmandu") == [44]
    assert parts([MOMENT], "date", zone="Asia/Kathmandu") == [dt.date(2024, 2, 1)]


def test_circles() -> None:
    times = [dt.datetime(2024, 1, 1, hour) for hour in (0, 6, 12, 18)]
    assert parts(times, "hour_sin") == pytest.approx([0, 1, 0, -1])
    assert parts(times, "hour_cos") == pytest.approx([1, 0, -1, 0], abs=1e-15)
    assert parts([dt.date(2024, 1, 1)], "weekday_cos") == [1]  # a Monday
    april = dt.date(2024, 4, 1)
    assert [parts([april], f"month_{turn}")[0] for turn in ("sin", "cos")] == pytest.approx([1, 0])


FORMS = [
    pl.Series([MOMENT]).cast(pl.Datetime(unit, zone)) if zone else
    pl.Series([MOMENT]).dt.replace_time_zone(None).cast(pl.Datetime(unit))
    for unit in ("ms", "us", "ns") for zone in (None, "UTC", "America/New_York")
] + [
    pl.Series([text]) for text in (
        "2024-01-31T23:59:59Z", "2024-01-31 23:59:59", "2024-01-31T23:59:59.999999999+00:00",
        "2024-02-01T01:29:59,9+0130", "2024-01-31t20:59:59-03", " 2024-01-31T23:59Z ",
        str(SECONDS), f"{SECONDS}.9",
    )
] + [
    pl.Series([SECONDS]), pl.Series([SECONDS], dtype=pl.UInt32), pl.Series([SECONDS + 0.9999996]),
    pl.Series([SECONDS]).cast(pl.Decimal(12, 1)), pl.Series([str(SECONDS)], dtype=pl.Categorical),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.dtype} {form[0]}")
def test_an_instant_has_the_same_parts_in_any_form(form: pl.Series) -> None:
    for zone, expected in (("UTC", [23, 59, 3, 31]), ("Europe/Oslo", [0, 59, 4, 1])):
        found = [parts(form, part, zone=zone)[0] for part in ("hour", "minute", "weekday", "day")]
        assert found == expected


@pytest.mark.parametrize(
    ("unit", "factor"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)]
)
def test_numbers_of_any_unit(unit: Any, factor: int) -> None:
    values = [SECONDS * factor + factor - 1, -1, None]
    assert parts(values, "minute", unit=unit) == [59, 59, None]
    assert parts(values, "day", unit=unit) == [31, 31, None]
    assert parts(list(map(str, values[:2])), "hour", unit=unit) == [23, 23]
    whole = [float(SECONDS * factor), math.nan, math.inf, 1e300]
    assert parts(whole, "hour", unit=unit) == [23, None, None, None]


@pytest.mark.parametrize(
    "text",
    ["", "junk", "2024-02-30", "2024-13-01", "2024-01-31T24:00", "2024-01-31T10:60", "31/01/2024",
     "2024-01-31T10:00+25:00", "2024-01-31T10", "nan", "inf", "1e400", "٢٠٢٤-٠١-٣١", "0000-01-01",
     "10000-01-01", "🦀", "x" * 100_000],
)  # fmt: skip
def test_what_is_no_time_is_missing(text: str) -> None:
    assert parts([text]) == [None]


@given(
    st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29)),
    st.sampled_from(["UTC", "Europe/Oslo", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S+00:00", "%Y-%m-%dT%H:%M"]),
)
@settings(deadline=None, max_examples=40)
def test_agrees_with_pythons_calendar(moment: dt.datetime, zone: str, form: str) -> None:
    # strftime writes the year 33 as "33" on some systems.
    text = moment.strftime(form.replace("%Y", f"{moment.year:04d}"))
    if 1970 <= moment.year < 2100:  # Polars ends summer time in 2100; earlier, tables differ
        local = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
    else:
        zone, local = "UTC", moment
    expected = [local.hour, local.minute, local.isoweekday(), local.day, local.month, local.year]
    names = ("hour", "minute", "weekday", "day", "month", "year")
    for values in (pl.Series([moment]), pl.Series([text])):
        assert [parts(values, name, zone=zone)[0] for name in names] == expected
    assert parts([text], "date", zone=zone) == [local.date()]


def test_dates_are_their_midnights() -> None:
    day = dt.date(2024, 1, 31)
    midnight = dt.datetime(2024, 1, 31)
    for zone in ("UTC", "America/New_York"):
        both = [
            parts([value], "hour_of_week", zone=zone) for value in (day, midnight, "2024-01-31")
        ]
        assert both[0] == both[1] == both[2]


def test_zones_are_known() -> None:
    with pytest.raises(ValidationError, match="must be an IANA name.*Did you mean 'Europe/Oslo'"):
        Time(name="x", column="at", part="hour", zone="Europe/Olso")


def test_it_wants_any_scalar() -> None:
    assert Time(name="x", column="at", part="hour").wants == {"at": "value"}


@pytest.mark.parametrize("dtype", [pl.Boolean, pl.Time, pl.Duration, pl.List(pl.Int64), pl.Binary])
def test_what_holds_no_times_is_refused(dtype: Any) -> None:
    with pytest.raises(SchemaError, match=r"Column 'at' must hold times .*; it holds .* Convert"):
        Time(name="x", column="at", part="hour").expression({"at": dtype})
