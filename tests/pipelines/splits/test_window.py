from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter, ValidationError

from features.errors import DataError, SchemaError
from pipelines.splits.registry import AnySplit
from pipelines.splits.window import ByWindow

Parts = Callable[..., list[str]]


def test_a_window_trains_before_its_test_and_leaves_the_rest_out(parts: Parts) -> None:
    """By hand: 2 .. 11 are before the test; of ten, the last two validate, one before ranks."""
    split = ByWindow(column="t", start=2, test=12, end=14, ranker=0.1, valid=0.2)
    found = parts(split, pl.DataFrame({"t": list(range(16))}))
    assert found == (
        [""] * 2 + ["train"] * 7 + ["ranker"] + ["valid"] * 2 + ["test"] * 2 + [""] * 2
    )


def test_equal_times_stay_together_and_rows_need_no_order(parts: Parts) -> None:
    times = [7, 1, 3, 3, 1, 3, 9, 2]
    split = ByWindow(column="t", test=7, valid=0.3)
    expected = {1: "train", 2: "train", 3: "valid", 7: "test", 9: "test"}
    assert parts(split, pl.DataFrame({"t": times})) == [expected[one] for one in times]


def test_without_a_column_rows_are_numbered(parts: Parts) -> None:
    split = ByWindow(start=3, test=13, end=15, valid=0.2)
    found = parts(split, pl.DataFrame({"any": ["x"] * 20}))
    assert found == [""] * 3 + ["train"] * 8 + ["valid"] * 2 + ["test"] * 2 + [""] * 5


@pytest.mark.parametrize(
    "zone", [None, UTC, timezone(timedelta(hours=2))], ids=["naive", "utc", "east"]
)
def test_times_are_compared_in_utc(parts: Parts, zone: Any) -> None:
    hours = [datetime(2024, 1, 1) + timedelta(hours=i) for i in range(6)]
    test = datetime(2024, 1, 1, 4, tzinfo=UTC).astimezone(zone) if zone else hours[4]
    split = ByWindow(column="t", test=test, valid=0.25)
    for unit in ("ms", "us", "ns"):
        frame = pl.DataFrame({"t": pl.Series(hours, dtype=pl.Datetime(unit))})  # type: ignore[arg-type]
        assert parts(split, frame) == ["train"] * 3 + ["valid"] + ["test"] * 2
    days = pl.DataFrame({"t": [date(2024, 1, 1) + timedelta(days=i) for i in range(5)]})
    split = ByWindow(column="t", test=datetime(2024, 1, 5), valid=0.25)
    assert parts(split, days) == ["train"] * 3 + ["valid", "test"]


def test_bounds_between_integers_and_of_other_types(parts: Parts) -> None:
    split = ByWindow(column="t", start=-1.5, test=1.5, end=400, valid=0.5)
    signed = pl.DataFrame({"t": pl.Series([-2, -1, 0, 1, 2, 100], dtype=pl.Int8)})
    assert parts(split, signed) == ["", "train", "valid", "valid", "test", "test"]
    unsigned = pl.DataFrame({"t": pl.Series([0, 1, 2, 200], dtype=pl.UInt8)})
    assert parts(split, unsigned) == ["train", "valid", "test", "test"]


def test_it_is_declared_and_read_back() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(AnySplit)
    split = adapter.validate_python({"type": "window", "column": "t", "test": date(2024, 1, 5)})
    assert split.test == datetime(2024, 1, 5)
    assert adapter.validate_json(split.model_dump_json()) == split
    assert split.parts == ("train", "valid", "test")


@pytest.mark.parametrize(
    "declared",
    [
        {"test": 5, "start": 5},
        {"test": 5, "end": 4},
        {"test": 5, "start": datetime(2024, 1, 1)},
        {"test": 5, "valid": 0.5, "ranker": 0.5},
    ],
)
def test_what_holds_no_training_is_refused(declared: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"must be numbers or times|must leave some"):
        ByWindow.model_validate(declared)


def test_refusals(parts: Parts, stored: Any) -> None:
    numbers = pl.DataFrame({"t": [1, 2, 3]})
    with pytest.raises(DataError, match="rows must be before 1"):
        parts(ByWindow(column="t", test=1), numbers)
    with pytest.raises(SchemaError, match="must be numbers; got 2024"):
        ByWindow(column="t", test=datetime(2024, 1, 1)).require(stored(numbers))
