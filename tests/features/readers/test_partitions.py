from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from features.errors import DataError, SchemaError
from features.readers.open import open_source

Logs = Callable[..., Path]

WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    "parquet": lambda frame, file: frame.write_parquet(file),
    "arrow": lambda frame, file: frame.write_ipc(file),
    "csv": lambda frame, file: frame.write_csv(file),
    "tsv": lambda frame, file: frame.write_csv(file, separator="\t"),
}


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    """Write a file of two rows for each folder name, numbered in order."""

    def write(*folders: str, kind: str = "parquet", **columns: object) -> Path:
        for at, folder in enumerate(folders):
            file = tmp_path / "log" / folder / f"part-0.{kind}"
            file.parent.mkdir(parents=True, exist_ok=True)
            WRITERS[kind](pl.DataFrame({"n": [2 * at, 2 * at + 1]}).with_columns(**columns), file)
        return tmp_path

    return write


@pytest.mark.parametrize("kind", WRITERS)
def test_folders_are_columns(logs: Logs, kind: str) -> None:
    base = logs(
        "day=2024-01-01/country=DE/hour=7",
        "day=2024-01-02/country=New%20York%2FX/hour=10",
        "day=2024-01-03/country=__HIVE_DEFAULT_PARTITION__/hour=-1",
        kind=kind,
    )
    source = open_source("log", None, base)
    assert source.schema == {
        "n": pl.Int64, "day": pl.String, "country": pl.String, "hour": pl.Int64,
    }  # fmt: skip
    assert pl.concat(source.batches(rows=4)).rows() == [
        (0, "2024-01-01", "DE", 7),
        (1, "2024-01-01", "DE", 7),
        (2, "2024-01-02", "New York/X", 10),
        (3, "2024-01-02", "New York/X", 10),
        (4, "2024-01-03", None, -1),
        (5, "2024-01-03", None, -1),
    ]
    assert source.count() == 6
    assert pl.concat(source.batches(["hour"]))["hour"].to_list() == [7, 7, 10, 10, -1, -1]
    assert pl.concat(source.batches(["country", "n"], start=3)).rows() == [
        ("New York/X", 3), (None, 4), (None, 5),
    ]  # fmt: skip
    assert [file["partition"]["hour"] for file in source.identity()["files"]] == [7, 10, -1]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["1", "-2", "0"], pl.Int64),
        (["1", "__HIVE_DEFAULT_PARTITION__"], pl.Int64),
        (["__HIVE_DEFAULT_PARTITION__"], pl.String),
        (["07", "10"], pl.String),  # the zero is part of the value
        (["1", "x"], pl.String),
        (["1.0"], pl.String),
        (["9223372036854775807"], pl.Int64),
        (["9223372036854775808"], pl.String),
        ([""], pl.String),
    ],
)
def test_whole_numbers_are_int64(logs: Logs, values: list[str], dtype: pl.DataType) -> None:
    base = logs(*(f"k={value}" for value in values))
    source = open_source([f"log/k={value}" for value in values], None, base)
    assert source.schema["k"] == dtype
    expected = [None if value.startswith("__") else value for value in values for _ in "ab"]
    assert pl.concat(source.batches())["k"].cast(pl.String).to_list() == expected


def test_only_folders_below_the_configuration_count(logs: Logs, tmp_path: Path) -> None:
    logs("run=5/day=1")
    assert "run" not in open_source("day=1", None, tmp_path / "log" / "run=5").schema
    assert "run" in open_source("log", None, tmp_path).schema
    assert "day" in open_source("log/run=5/day=*/part-0.parquet", None, tmp_path).schema


def test_mixed_folders_have_no_columns_unless_told(logs: Logs) -> None:
    base = logs("day=1", "day=2/hour=3", ".")
    assert list(open_source("log", None, base).schema) == ["n"]
    with pytest.raises(DataError, match=r"hive = true.*has day, .*has day, hour"):
        open_source(["log/day=1", "log/day=2"], None, base, hive=True)
    with pytest.raises(DataError, match=r"part-0\.parquet has none\. Move"):
        open_source("log/part-0.parquet", None, base, hive=True)


def test_hive_can_be_switched_off(logs: Logs) -> None:
    base = logs("day=1", "day=2")
    off, on = (open_source("log", None, base, hive=hive) for hive in (False, True))
    assert list(off.schema) == ["n"]
    assert off.identity() != on.identity()
    # Declared or found: the same rows.
    assert on.identity() == open_source("log", None, base).identity()


def test_files_that_swap_folders_are_other_rows(logs: Logs) -> None:
    base = logs("day=1", "day=2")
    one = open_source(["log/day=1"], None, base).identity()
    (base / "log" / "day=1").rename(base / "log" / "day=3")
    assert open_source(["log/day=3"], None, base).identity() != one


def test_the_files_own_column_wins(logs: Logs) -> None:
    base = logs("day=1", "day=2", day=pl.lit("x"))
    source = open_source("log", None, base)
    assert list(source.schema) == ["n", "day"]
    assert pl.concat(source.batches())["day"].unique().to_list() == ["x"]
    # So its folder must not decide which files are read.
    kept = open_source("log", None, base, filter=[["day", "==", "x"]])
    assert kept.count() == 4


def test_a_column_that_cannot_be_the_folders_is_refused(logs: Logs) -> None:
    base = logs("day=x", "day=y", day=pl.lit(3.5))
    with pytest.raises(SchemaError, match=r"column 'day' as Float64.*day=x; the two must agree"):
        open_source("log", None, base)
    assert open_source("log", None, base, hive=False).schema["day"] == pl.Float64


def test_dates_in_files_and_folders_agree(logs: Logs) -> None:
    base = logs("day=2024-01-01", day=pl.lit(date(2024, 1, 1)))
    assert open_source("log", None, base).schema["day"] == pl.Date


def test_a_filter_leaves_folders_unopened(logs: Logs) -> None:
    base = logs("day=1", "day=2", "day=3")
    (base / "log" / "day=3" / "part-0.parquet").write_text("this is no Parquet file")
    source = open_source("log", None, base, filter=[["day", "<", 3]])
    assert [file.partition["day"][0] for file in source.files] == [1, 2]
    assert pl.concat(source.batches()).rows() == [(0, 1), (1, 1), (2, 2), (3, 2)]
    assert source.count() == 4
    none = [["day", ">", 3]]
    with pytest.raises(DataError, match=r"one of 3 files.*day > 3 keeps none"):
        open_source("log", None, base, filter=none)
    with pytest.raises(SchemaError, match="day.*Int64"):
        open_source("log", None, base, filter=[["day", "==", "1"]])


def test_null_folders_are_left_out_by_any_filter(logs: Logs) -> None:
    base = logs("k=1", "k=__HIVE_DEFAULT_PARTITION__", "k=2")
    for condition, kept in ((["k", "!=", 2], [0, 1]), (["k", "not in", [1]], [4, 5])):
        source = open_source("log", None, base, filter=[condition])
        assert pl.concat(source.batches(["n"]))["n"].to_list() == kept
