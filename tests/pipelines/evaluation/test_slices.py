import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError
from pipelines.evaluation.slices import cut, parse_by

FRAME = pl.DataFrame(
    {
        "device": ["a", "b", None, "a", "", "a"],
        "hour": [1, 13, 7, 1, 23, 2],
        "price": [0.0, 1, 2, 3, 4, None],
    }
)


def rows(by: str, frame: pl.DataFrame = FRAME, least: int = 1) -> dict[str, list[int]]:
    return {str(one): sorted(one.rows.tolist()) for one in cut(frame, parse_by(by), least).slices}


def test_columns_and_expressions_by_hand() -> None:
    assert rows("device") == {
        "device = a": [0, 3, 5], "device = b": [1], "device = missing": [2, 4],
    }  # fmt: skip
    assert rows("hour // 12") == {"hour // 12 = 0": [0, 2, 3, 5], "hour // 12 = 1": [1, 4]}
    assert list(rows("hour")) == [f"hour = {hour}" for hour in (1, 2, 7, 13, 23)]
    assert rows("max(hour, 13)")["max(hour, 13) = 23"] == [4]


def test_buckets_hold_equal_mass_and_each_row_once() -> None:
    assert rows("price:2") == {
        "price = 0 to below 2": [0, 1], "price = 2 to 4": [2, 3, 4], "price = missing": [5],
    }  # fmt: skip
    many = pl.DataFrame({"x": np.random.default_rng(0).normal(size=1000)})
    parts = rows("x", many)
    assert len(parts) == 10
    assert sorted(row for part in parts.values() for row in part) == list(range(1000))
    assert all(90 <= len(part) <= 110 for part in parts.values())
    same = pl.DataFrame({"x": [1.0] * 60})
    assert [len(part) for part in rows("x:4", same).values()] == [60]


def test_small_slices_are_counted() -> None:
    found = cut(FRAME, parse_by("device, hour // 12"), 3)
    assert [str(one) for one in found.slices] == ["device = a", "hour // 12 = 0"]
    assert (found.small, found.small_rows) == (3, 5)
    assert found.note == "2 slices looked at; 3 of fewer rows (5 in all) were not"


def test_what_is_no_slice_is_refused() -> None:
    with pytest.raises(ConfigError, match="2 buckets or more"):
        parse_by("price:1")
    with pytest.raises(ConfigError, match="--by must name columns"):
        parse_by("price +")
    with pytest.raises(ConfigError, match="Buckets are of a number"):
        rows("device:3")
