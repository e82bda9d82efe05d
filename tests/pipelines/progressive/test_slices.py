"""Slices of the training rows by a column of the raw log."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.errors import ConfigError, SchemaError
from pipelines.config import check_config
from pipelines.progressive import slices
from pipelines.progressive.slices import by_column


def sliced(folder: Path, values: Any, period: float | None, **data: Any) -> list[tuple[str, int]]:
    """Names and rows of the slices of a log whose last fifth is not for training."""
    frame = pl.DataFrame({"t": values, "y": [0, 1] * (len(values) // 2), "x": 1})
    frame.write_parquet(folder / "log.parquet")
    split = {"type": "order", "train": 0.8, "valid": 0.2, "test": 0.0}
    document = {
        "name": "slices",
        "data": {"paths": "log.parquet", "label": "y", "split": split} | data,
        "features": [{"type": "id", "column": "x"}],
        "model": {"type": "lr"},
    }
    found = by_column(check_config(document, folder), "t", period)
    return [(name, len(list(rows))) for name, rows in found]  # type: ignore[arg-type]


def test_numbers_are_divided_and_rounded_down(tmp_path: Path) -> None:
    values = [-1, 0, 59, 60, 61, None, 130, 119, 500, 500]
    assert sliced(tmp_path, values, 60.0) == [
        ("-60", 1), ("0", 2), ("60", 3), ("missing", 1), ("120", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_times_are_divided_into_seconds(tmp_path: Path, unit: Any, zone: str | None) -> None:
    start = datetime(2026, 3, 1, 22, 30, tzinfo=UTC).replace(tzinfo=None)
    times = [start + timedelta(minutes=45) * i for i in range(10)]
    values = pl.Series(times).cast(pl.Datetime(unit)).dt.replace_time_zone(zone)
    found = sliced(tmp_path, values, 3600.0)
    assert [rows for _, rows in found] == [1, 1, 2, 1, 1, 2]
    assert found[0][0].startswith("2026-03-01")
    assert "22:00:00" in found[0][0]


def test_without_a_period_each_value_is_a_slice(tmp_path: Path) -> None:
    values = ["de", "fr", "de", None, "", "fr", "fr", "it", "xx", "yy"]
    assert sliced(tmp_path, values, None) == [("de", 2), ("fr", 3), ("missing", 2), ("it", 1)]


def test_thinned_rows_are_left_out(tmp_path: Path) -> None:
    whole = sliced(tmp_path, range(1000), 100.0)
    thin = sliced(tmp_path, range(1000), 100.0, negatives={"rate": 0.2})
    assert whole == [(str(start), 100) for start in range(0, 800, 100)]
    assert all(50 < rows < 80 for _, rows in thin)


def test_what_cannot_be_sliced_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SchemaError, match="must hold times or numbers"):
        sliced(tmp_path, [*"abcdefghij"], 60.0)
    monkeypatch.setattr(slices, "MOST", 3)
    with pytest.raises(ConfigError, match="at most 3 slices"):
        sliced(tmp_path, range(10), None)
