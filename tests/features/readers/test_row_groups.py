from pathlib import Path

import polars as pl
import pytest

from features.readers import row_groups
from features.readers.open import open_source

FRAME = pl.DataFrame({"n": range(40), "t": [f"v{i}" for i in range(40)]})


def test_adjacent_row_groups_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_groups, "_ENOUGH", 20)
    heights = [10, 10, 5, 0, 30, 10]
    assert list(row_groups._spans(heights, range(6))) == [[0, 1], [2, 4], [5]]
    assert list(row_groups._spans(heights, [0, 2, 5])) == [[0], [2], [5]]
    assert list(row_groups._spans(heights, [])) == []


@pytest.mark.parametrize("arrow", [False, True])
def test_both_ways_of_reading_give_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrow: bool
) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet", row_group_size=7)
    monkeypatch.setattr(row_groups, "decodes", lambda *_: not arrow)
    source = open_source("a.parquet", None, tmp_path)
    assert pl.concat(source.batches(rows=9)).equals(FRAME)
    assert pl.concat(source.batches(["t"], rows=9, start=18)).equals(FRAME[18:].select("t"))


def test_what_polars_stumbles_over_is_left_to_arrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet", row_group_size=7)
    monkeypatch.setattr(row_groups, "_ENOUGH", 14)
    whole = row_groups.frames

    def stumbles(*arguments: object) -> object:
        yield next(iter(whole(*arguments)))  # type: ignore[arg-type]
        raise pl.exceptions.ComputeError("no such encoding")

    monkeypatch.setattr(row_groups, "frames", stumbles)
    source = open_source("a.parquet", None, tmp_path)
    assert pl.concat(source.batches()).equals(FRAME)


def test_what_the_two_read_differently_is_arrows() -> None:
    assert row_groups.decodes({"a": pl.Int8(), "b": pl.List(pl.String)}, [1 << 20])
    assert not row_groups.decodes({"a": pl.Int8()}, [(1 << 20) + 1])
    for dtype in (pl.Categorical(), pl.Datetime("ns"), pl.Struct({"a": pl.Int8}), pl.Decimal(9, 2)):
        assert not row_groups.decodes({"a": dtype}, [1])
