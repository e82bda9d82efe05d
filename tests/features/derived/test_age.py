import datetime as dt
import tomllib
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.derived.age import Age


def ages(made: Age, **columns: Any) -> list[float | None]:
    frame = pl.DataFrame(columns)
    return frame.select(made.expression(frame.schema)).to_series().to_list()


@pytest.mark.parametrize(
    ("unit", "expected"), [("seconds", 129_600), ("minutes", 2_160), ("hours", 36), ("days", 1.5)]
)
def test_by_hand(unit: Any, expected: float) -> None:
    made = Age(name="x", column="now", since="then", unit=unit)
    now, then = "2024-03-01T12:00:00Z", "2024-02-29T00:00:00Z"
    found = ages(made, now=[now, then, None, now], then=[then, now, then, None])
    assert found == [expected, -expected, None, None]


def test_forms_may_differ() -> None:
    made = Age(name="x", column="now", since="then", unit="seconds")
    assert ages(made, now=[90.25], then=["1970-01-01T00:01:00Z"]) == [30.25]
    assert ages(made, now=[90], then=[dt.date(1970, 1, 2)]) == [90 - 86_400]
    millis = Age(name="x", column="now", since="then", unit="seconds", epoch="ms")
    assert ages(millis, now=[90_250], then=["60000"]) == [30.25]


MOMENTS = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31))


@given(MOMENTS, MOMENTS)
@settings(deadline=None)
def test_agrees_with_pythons_differences(now: dt.datetime, then: dt.datetime) -> None:
    elapsed = (now - then) / dt.timedelta(microseconds=1)
    made = Age(name="x", column="now", since="then", unit="hours")
    fixed = Age(name="x", column="now", reference=then, unit="hours")
    assert ages(made, now=[now], then=[then.isoformat()]) == [elapsed / 3.6e9]
    assert ages(fixed, now=[now.isoformat(), now.isoformat()]) == [elapsed / 3.6e9] * 2


@pytest.mark.parametrize(
    "written", ["2024-01-31T01:00:00+01:00", "2024-01-31 00:00:00", '"2024-01-31T00:00:00Z"']
)
def test_a_reference_as_toml_writes_it(written: str) -> None:
    declared = tomllib.loads(f"name = 'x'\ncolumn = 'now'\nunit = 'hours'\nreference = {written}")
    made = Age.model_validate(declared)
    assert made.wants == {"now": "value"}
    assert ages(made, now=["2024-01-31T02:00:00Z"]) == [2]


def test_it_is_counted_from_one_time() -> None:
    with pytest.raises(ValidationError, match="either `since` or `reference`; give one"):
        Age(name="x", column="now")
    with pytest.raises(ValidationError, match="give one"):
        Age(name="x", column="now", since="then", reference=dt.datetime(2024, 1, 1))


def test_it_wants_both() -> None:
    assert Age(name="x", column="now", since="then").wants == {"now": "value", "then": "value"}
