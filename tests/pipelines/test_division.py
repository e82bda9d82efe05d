"""Which rows of a log come out of its division, under what name."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines import division
from pipelines.config import check_config
from pipelines.division import Division
from pipelines.splits.split import PARTS

COLUMNS = ["a", "click"]


@pytest.fixture
def divide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A division of 100 rows in chunks of 30; 20 more validate."""
    monkeypatch.setattr(division, "ROWS", 30)
    rows = pl.DataFrame({"a": range(120), "t": range(120), "click": [0, 0, 1, 0] * 30})
    rows[:100].write_parquet(tmp_path / "log.parquet")
    rows[100:].write_parquet(tmp_path / "valid.parquet")

    def make(**data: Any) -> Division:
        document = {
            "name": "run",
            "data": {
                "paths": "log.parquet",
                "valid_paths": "valid.parquet",
                "label": "click",
                "split": {"type": "time", "column": "t", "train": 0.75, "valid": 0, "test": 0.25},
                **data,
            },
            "features": [{"type": "id", "column": "a"}],
            "model": {"type": "dcn_v2"},
        }
        return Division(check_config(document, tmp_path))

    return make


def test_chunks_are_of_a_fixed_number_of_raw_rows(divide: Any) -> None:
    found = [
        (
            chunk.name,
            chunk.number,
            chunk.height,
            [(one.part, one.rows.height) for one in chunk.pieces],
        )
        for chunk in divide().chunks(COLUMNS)
    ]
    assert found == [
        ("rows-00000", 0, 30, [("train", 30)]),
        ("rows-00001", 1, 30, [("train", 30)]),
        ("rows-00002", 2, 30, [("train", 15), ("test", 15)]),
        ("rows-00003", 3, 10, [("test", 10)]),
        ("valid-00000", 0, 20, [("valid", 20)]),
    ]


@pytest.mark.parametrize(
    "done",
    [
        set(),
        {"rows-00000", "rows-00001"},
        {"rows-00001", "rows-00003"},
        {"valid-00000"},
        {"rows-00000", "rows-00001", "rows-00002", "rows-00003"},
    ],
)
def test_what_is_done_is_left_out_and_changes_nothing_else(divide: Any, done: set[str]) -> None:
    whole = {chunk.name: chunk for chunk in divide().chunks(COLUMNS)}
    rest = {chunk.name: chunk for chunk in divide().chunks(COLUMNS, done)}
    assert rest.keys() == whole.keys() - done
    for name, chunk in rest.items():
        for one, other in zip(chunk.pieces, whole[name].pieces, strict=True):
            assert one.part == other.part
            assert one.rows.equals(other.rows)


def test_pieces_hold_every_row_once(divide: Any) -> None:
    pieces = list(divide().pieces(COLUMNS))
    assert sorted(number for one in pieces for number in one.rows["a"]) == list(range(120))
    assert {one.part for one in pieces} <= set(PARTS)


def test_what_is_known_of_the_rows_need_not_be_found_out_again(
    divide: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = divide()
    again = divide()
    again.recall(first.knowledge)
    monkeypatch.setattr("features.readers.source.Source.count", None)
    monkeypatch.setattr("pipelines.splits.time.ByTime.measure", None)
    assert (again.total, again.divided) == (120, 100)
    assert [one.name for one in again.chunks(COLUMNS)][-1] == "valid-00000"


def test_negatives_are_thinned_in_training_alone_and_weigh_more(divide: Any) -> None:
    thinned = divide(negatives={"rate": 0.5})
    dropped = sum(chunk.dropped for chunk in thinned.chunks(COLUMNS))
    pieces = list(thinned.pieces(COLUMNS))
    train = [one for one in pieces if one.part == "train"]
    rows = pl.concat([one.rows for one in train])
    assert 0 < dropped < 56  # 75 rows, 19 of them positive
    assert rows.height == 75 - dropped
    assert rows["click"].sum() == 19
    weights = pl.concat([one.importance for one in train if one.importance is not None])
    assert weights.to_list() == [1.0 if click else 2.0 for click in rows["click"]]
    assert all(one.importance is None for one in pieces if one.part != "train")
    assert sum(one.rows.height for one in pieces if one.part != "train") == 45


def test_negatives_do_not_depend_on_the_chunks(
    divide: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for rows in (30, 7, 1000):
        monkeypatch.setattr(division, "ROWS", rows)
        pieces = divide(negatives={"rate": 0.5}).pieces(COLUMNS)
        found.append([number for one in pieces if one.part == "train" for number in one.rows["a"]])
    assert found[0] == found[1] == found[2]
