"""Text columns read by their dictionary are the same text."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from features.coded import texts
from features.readers import dictionaries
from features.readers.open import open_source
from features.readers.source import Source

FRAME = pl.DataFrame(
    {
        "few": [None if i % 5 == 0 else f"v{i % 3 + i // 30}" for i in range(60)],
        "none": pl.Series([None] * 60, dtype=pl.String),
        "many": [f"row {i}" for i in range(60)],
        "odd": ["", "é🦀", None, "x" * 300] * 15,
        "n": range(60),
    }
)
TEXTS = {"few", "none", "many", "odd"}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionaries, "_ROWS", 1)
    monkeypatch.setattr(dictionaries, "_RARE", 3)


@pytest.fixture(params=[60, 20, 7])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    FRAME.write_parquet(tmp_path / "1.parquet", row_group_size=request.param)
    pq.write_table(FRAME.to_arrow(), tmp_path / "2.parquet", row_group_size=request.param)
    return tmp_path


def source(folder: Path) -> Source:
    return open_source(["1.parquet", "2.parquet"], None, folder)


def enums(frame: pl.DataFrame) -> set[str]:
    return {one.name for one in frame if isinstance(one.dtype, pl.Enum)}


@pytest.mark.parametrize("rows", [1000, 60, 33, 7])
def test_the_rows_are_the_same(folder: Path, rows: int) -> None:
    whole = pl.concat([FRAME, FRAME])
    for columns in (None, ["odd", "n", "few"], ["few"]):
        frames = list(source(folder).coded(TEXTS).batches(columns, rows))
        assert {"few"} <= set.union(*map(enums, frames))
        assert [one.height for one in frames[:-1]] == [rows] * (len(frames) - 1)
        found = pl.concat([texts(frame) for frame in frames])
        assert found.equals(whole.select(columns or whole.columns))
    later = source(folder).coded(TEXTS).batches(["few"], rows, 41)
    assert pl.concat([texts(frame) for frame in later]).equals(whole[41:].select("few"))


def test_only_columns_asked_for_come_so(folder: Path) -> None:
    one = next(source(folder).coded({"odd", "n"}).batches())
    assert enums(one) == {"odd"}
    assert enums(next(source(folder).batches())) == set()


def test_columns_of_many_values_are_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[set[str]] = []
    whole = pq.ParquetFile.read_row_groups

    def noted(self: pq.ParquetFile, groups: list[int], columns: list[str]) -> object:
        read.append(set(columns))
        return whole(self, groups, columns=columns)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", noted)
    coded = source(folder).coded(TEXTS)
    for _ in range(2):
        assert all("many" not in enums(frame) for frame in coded.batches())
    assert ["many" in one for one in read] == [True] + [False] * (len(read) - 1)


def test_a_column_given_up_within_a_batch(tmp_path: Path) -> None:
    """Few values in the first row group, many in the second."""
    texts_ = [f"v{i % 2}" for i in range(20)] + [f"row {i}" for i in range(20)]
    frame = pl.DataFrame({"t": texts_, "n": range(40)})
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=20)
    for rows in (30, 40, 7):
        coded = open_source("a.parquet", None, tmp_path).coded({"t"})
        assert pl.concat([texts(one) for one in coded.batches(rows=rows)]).equals(frame)


def test_a_filter_reads_its_own_columns_as_text(folder: Path) -> None:
    kept = open_source(["1.parquet"], None, folder, filter=[["few", "==", "v1"]])
    frame = pl.concat([texts(one) for one in kept.coded(TEXTS).batches()])
    assert frame.equals(FRAME.filter(pl.col("few") == "v1"))
    assert enums(next(kept.coded(TEXTS).batches())) == {"none", "odd"}


def test_small_row_groups_are_read_as_they_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dictionaries, "_ROWS", 61)
    assert enums(next(source(folder).coded(TEXTS).batches())) == set()


def test_reading_ahead_gives_the_same_frames(folder: Path) -> None:
    ahead = list(source(folder).ahead(["few", "n"], 33))
    assert pl.concat(ahead).equals(pl.concat(source(folder).batches(["few", "n"], 33)))
