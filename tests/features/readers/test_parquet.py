from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError, SchemaError
from features.readers import row_groups
from features.readers.open import open_source

FRAME = pl.DataFrame(
    {
        "label": [1, 0, None],
        "a.b": ["x", None, "z"],
        "items": [[1, 2], [], None],
        "vector": [[0.5, 1.0], [2.0, 3.0], [4.0, 5.0]],
    },
    schema={
        "label": pl.Int8,
        "a.b": pl.String,
        "items": pl.List(pl.Int64),
        "vector": pl.Array(pl.Float32, 2),
    },
)


def test_values_and_dtypes_survive(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    source = open_source("a.parquet", None, tmp_path)
    assert source.schema == dict(FRAME.schema)
    assert pl.concat(source.batches()).equals(FRAME)
    assert pl.concat(source.batches(["items", "a.b"])).equals(FRAME.select("items", "a.b"))


def test_coded_strings_are_strings(tmp_path: Path) -> None:
    coded = FRAME.with_columns(pl.col("a.b").cast(pl.Categorical))
    coded.write_parquet(tmp_path / "1.parquet")
    table = pa.table({"label": pa.array([1], pa.int8()), "a.b": pa.array(["q"])})
    table = table.append_column("items", pa.array([[3]], pa.large_list(pa.int64())))
    table = table.append_column("vector", pa.array([[1.0, 2.0]], pa.list_(pa.float32(), 2)))
    pq.write_table(table, tmp_path / "2.parquet")
    source = open_source(["1.parquet", "2.parquet"], None, tmp_path)
    assert source.schema["a.b"] == pl.String
    assert pl.concat(source.batches())["a.b"].to_list() == ["x", None, "z", "q"]


def test_count_reads_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    source = open_source("a.parquet", None, tmp_path)
    monkeypatch.setattr(type(source), "_frames", None)
    assert source.count() == 3


def test_files_must_agree(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "1.parquet")
    FRAME.drop("items").write_parquet(tmp_path / "2.parquet")
    with pytest.raises(SchemaError, match=r"2\.parquet has no column 'items'"):
        open_source(["1.parquet", "2.parquet"], None, tmp_path)
    FRAME.cast({"label": pl.Float64}).write_parquet(tmp_path / "2.parquet")
    with pytest.raises(SchemaError, match=r"column 'label' as Float64, but 1\.parquet.*Int8"):
        open_source(["1.parquet", "2.parquet"], None, tmp_path)


def test_further_columns_of_later_files_are_ignored(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "1.parquet")
    FRAME.with_columns(new=pl.lit(1)).select("new", *FRAME.columns[::-1]).write_parquet(
        tmp_path / "2.parquet"
    )
    found = pl.concat(open_source(["1.parquet", "2.parquet"], None, tmp_path).batches())
    assert found.equals(pl.concat([FRAME, FRAME]))


def test_no_rows_at_all_is_an_error(tmp_path: Path) -> None:
    FRAME.clear().write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="no rows"):
        list(open_source("a.parquet", None, tmp_path).batches())


def test_what_is_not_parquet_is_refused_in_one_line(write, tmp_path: Path) -> None:
    write("text.parquet", "a,b\n1,2\n")
    FRAME.write_parquet(tmp_path / "whole.parquet")
    write("cut.parquet", (tmp_path / "whole.parquet").read_bytes()[:-20])
    for name in ("text.parquet", "cut.parquet"):
        with pytest.raises(DataError, match=f"{name}.*not a Parquet file") as raised:
            open_source(name, None, tmp_path)
        assert "\n" not in str(raised.value)


def test_damaged_pages_are_a_data_error(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pl.DataFrame({"a": range(10_000)}).write_parquet(file, compression="zstd")
    content = bytearray(file.read_bytes())
    content[4:200] = bytes(196)
    file.write_bytes(content)
    source = open_source("a.parquet", None, tmp_path)
    with pytest.raises(DataError, match=r"a\.parquet cannot be read"):
        list(source.batches())


def test_a_later_start_skips_whole_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pl.DataFrame({"n": range(100)})
    for name in ("1.parquet", "2.parquet"):
        frame.write_parquet(tmp_path / name, row_group_size=10)
    source = open_source(["1.parquet", "2.parquet"], None, tmp_path)
    read: list[list[int]] = []
    whole = row_groups.frames

    def noted(file: Any, dtypes: Any, heights: Any, groups: Any, coded: Any) -> Any:
        read.append(list(groups))
        return whole(file, dtypes, heights, groups, coded)

    monkeypatch.setattr(row_groups, "frames", noted)
    rows = pl.concat(source.batches(rows=7, start=177))["n"].to_list()
    assert rows == list(range(77, 100))
    assert read == [[7, 8, 9]]


def test_dots_in_names_are_no_fields(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [{"b": 1}, {"b": 2}], "a.b": [5, 6], "c.d": [7, 8]})
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=1)
    for condition in (["a.b", ">", 5], ["c.d", ">", 7]):
        source = open_source("a.parquet", None, tmp_path, filter=[condition])
        assert pl.concat(source.batches()).equals(frame[1:])
        assert pl.concat(source.batches(["c.d", "a"])).equals(frame[1:].select("c.d", "a"))
