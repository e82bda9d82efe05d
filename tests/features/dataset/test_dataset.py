import gc
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.batch import Batch
from features.dataset import epoch
from features.dataset.dataset import LABEL, POSITION, QUERY, WEIGHT, Dataset
from features.dataset.manifest import Manifest
from features.dataset.writer import write_part
from features.errors import ConfigError, DataError, FingerprintError
from features.layout import IdField, Layout, NumericField, SequenceField

PRINT = "f" * 64
LAYOUT = Layout(
    fields=(
        IdField(name="row", vocabulary="row"),
        NumericField(name="x"),
        SequenceField(name="s", vocabulary="row", length=2),
    ),
    vocabularies={"row": 1000},
)


def rows(count: int, start: int = 0) -> pl.DataFrame:
    """Encoded rows that know their number: id, numeric, sequence, label and weight tell it."""
    number = pl.int_range(start, start + count, dtype=pl.Int32, eager=True)
    return pl.DataFrame(
        {
            "row": number,
            "x": number.cast(pl.Float32),
            "s": [[i, i][: i % 3] for i in number],
            LABEL: (number % 2).cast(pl.Float32),
            WEIGHT: number.cast(pl.Float32) + 1,
            QUERY: (number // 5).cast(pl.Int64),
            POSITION: (number % 5).cast(pl.Int64),
        },
        schema_overrides={"s": pl.List(pl.Int32)},
    )


def written(folder: Path, heights: list[int]) -> Dataset:
    """Consecutive rows in parts of these heights."""
    folder.mkdir()
    starts = np.cumsum([0, *heights])
    parts = [
        write_part(folder, number, rows(height, int(start)))
        for number, (height, start) in enumerate(zip(heights, starts, strict=False))
    ]
    Manifest.of(PRINT, LAYOUT, parts).write(folder)
    return Dataset(folder)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """95 rows in ten parts, nine of ten rows and one of five."""
    return written(tmp_path / "data", [10] * 9 + [5])


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of ten rows are read in units of four, four and two."""
    monkeypatch.setattr(epoch, "UNIT", 4)


def numbers(batches: list[Batch]) -> list[int]:
    """The rows of the batches, once each array of a row was found to tell the same number."""
    for batch in batches:
        number = batch.ids[:, 0]
        assert np.array_equal(batch.numerics[:, 0], number)
        assert np.array_equal((batch.sequences["s"] == number[:, None]).sum(1), number % 3)
        assert batch.label is not None
        assert np.array_equal(batch.label, number % 2)
        assert batch.weight is not None
        assert np.array_equal(batch.weight, number + 1)
    return [int(i) for batch in batches for i in batch.ids[:, 0]]


def test_the_manifest_tells_what_was_written(dataset: Dataset) -> None:
    manifest = dataset.manifest
    assert list(manifest.parts.values()) == [10] * 9 + [5]
    assert sorted(manifest.parts) == list(manifest.parts)
    assert [frame.height for frame in dataset.frames()] == [10] * 9 + [5]
    assert (dataset.rows, dataset.layout) == (95, LAYOUT)
    assert manifest.roles == ("label", "weight", "query", "position")


def test_the_rows_come_back_in_order(dataset: Dataset) -> None:
    assert dataset.frame().equals(rows(95))
    assert dataset.frame([QUERY, "x"]).equals(rows(95).select(QUERY, "x"))


def test_roles_that_are_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    part = write_part(folder, 0, rows(12).drop(LABEL, WEIGHT, QUERY, POSITION))
    Manifest.of(PRINT, LAYOUT, [part]).write(folder)
    found = Dataset(folder)
    (batch,) = found.batches(100)
    assert (batch.label, batch.weight, found.manifest.labels) == (None, None, None)


@pytest.mark.parametrize("size", [7, 10, 1000])
def test_batches_in_order(dataset: Dataset, size: int) -> None:
    batches = list(dataset.batches(size))
    assert numbers(batches) == list(range(95))
    assert {batch.rows for batch in batches[:-1]} <= {size}


@pytest.mark.parametrize("window", [30, 1000])
def test_shuffled_batches_hold_every_row_once(dataset: Dataset, window: int) -> None:
    batches = list(dataset.batches(7, seed=1, window=window))
    found = numbers(batches)
    assert sorted(found) == list(range(95))
    assert found != list(range(95))
    assert [batch.rows for batch in batches] == [7] * 13 + [4]


@pytest.mark.parametrize("seed", [None, 5])
def test_a_resumed_epoch_is_the_tail_of_the_whole_one(dataset: Dataset, seed: int | None) -> None:
    whole = [numbers([batch]) for batch in dataset.batches(16, seed=seed, window=30)]
    for skip in (0, 2, 5, 6):
        rest = list(dataset.batches(16, seed=seed, skip=skip, window=30))
        assert [numbers([batch]) for batch in rest] == whole[skip:]


class Reads:
    """The parts that a dataset has read from."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.parts: list[str] = []
        self.rows = 0
        original = Dataset._frame

        def counting(dataset: Dataset, unit: epoch.Unit, *columns: Any) -> pl.DataFrame:
            self.parts.append(unit.part)
            self.rows += unit.rows
            return original(dataset, unit, *columns)

        patch.setattr(Dataset, "_frame", counting)


def test_what_was_skipped_is_not_read(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = Reads(monkeypatch)
    assert numbers(list(dataset.batches(5, skip=15))) == list(range(75, 95))
    assert sorted(set(reads.parts)) == [f"part-{number:05d}.parquet" for number in (7, 8, 9)]
    reads.rows = 0
    assert len(list(dataset.batches(5, seed=1, skip=17, window=20))) == 2
    assert reads.rows <= 10 + 2 * (10 + 4)  # the rows given, and what two rounds have over


def test_no_more_than_the_window_is_read_ahead(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(monkeypatch)
    monkeypatch.setattr("features.dataset.dataset._AHEAD", 1)
    given = 0
    for batch in dataset.batches(5, seed=0, window=20):
        given += batch.rows
        assert reads.rows <= given + 2 * 5 + 2 * (10 + 4)  # batches made ahead, and two rounds
    assert reads.rows == given == 95


def test_wide_rows_are_shuffled_in_smaller_windows(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = 4 * (1 + 1 + 2 + 1 + 1)  # bytes of id, numeric, sequence, label and weight
    monkeypatch.setattr("features.dataset.dataset.MEMORY", 20 * row)
    monkeypatch.setattr("features.dataset.dataset.UNIT", 4)
    small = numbers(list(dataset.batches(7, seed=1)))
    assert small == numbers(list(dataset.batches(7, seed=1, window=20)))
    monkeypatch.undo()
    monkeypatch.setattr(epoch, "UNIT", 4)
    assert small != numbers(list(dataset.batches(7, seed=1)))


def threads() -> set[str]:
    return {one.name for one in threading.enumerate()}


@pytest.mark.parametrize("given", [0, 1, 3])
def test_a_reader_may_stop_early(dataset: Dataset, given: int) -> None:
    batches = dataset.batches(5, seed=0, window=10)
    for _ in range(given):
        assert next(batches).rows == 5
    batches.close()
    assert "prefetch" not in threads()
    for batch in dataset.batches(5):
        assert batch.rows == 5
        break
    gc.collect()
    assert "prefetch" not in threads()


@pytest.mark.parametrize("seed", [None, 3])
def test_batches_by_query(tmp_path: Path, seed: int | None) -> None:
    """Queries of five rows over parts of seven; the row-wise batches have none."""
    dataset = written(tmp_path / "data", [7] * 10)
    batches = list(dataset.batches(12, seed=seed, window=30, by_query=True))
    assert [batch.rows for batch in batches] == [10] * 7
    assert sorted(numbers(batches)) == list(range(70))
    assert (numbers(batches) == list(range(70))) == (seed is None)
    for batch in batches:
        assert batch.query is not None
        assert np.array_equal(batch.query, batch.ids[:, 0] // 5)
    rest = dataset.batches(12, seed=seed, window=30, by_query=True, skip=4)
    assert numbers(list(rest)) == numbers(batches[4:])
    assert all(batch.query is None for batch in dataset.batches(12, seed=seed))


def test_batches_by_query_need_queries_that_stand_together(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    part = write_part(folder, 0, rows(12).with_columns(pl.Series(QUERY, ["a", "b"] * 6)))
    Manifest.of(PRINT, LAYOUT, [part]).write(folder)
    with pytest.raises(DataError, match="those of query 'a' are apart. Sort the log by query"):
        list(Dataset(folder).batches(5, seed=1, by_query=True))
    part = write_part(folder, 0, rows(12).drop(QUERY))
    Manifest.of(PRINT, LAYOUT, [part]).write(folder)
    with pytest.raises(ConfigError, match="have none. Declare data.query"):
        Dataset(folder).batches(5, by_query=True)


@pytest.mark.parametrize("asked", [{"size": 0}, {"size": 5, "skip": -1}, {"size": 5, "window": 1}])
def test_numbers_that_are_too_small_are_refused(dataset: Dataset, asked: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="must be at least"):
        dataset.batches(**asked)


def test_no_rows(tmp_path: Path) -> None:
    found = written(tmp_path / "data", [])
    assert (found.rows, list(found.batches(5)), list(found.frames())) == (0, [], [])
    assert list(found.batches(5, seed=1, skip=2)) == []
    assert found.queries.sizes.tolist() == []


def test_without_a_manifest_there_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"dataset\.json must exist.*crossrank prepare"):
        Dataset(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "must be JSON"),
        ("[]", "must hold a JSON object"),
        ("{}", "is not a dataset manifest"),
        ('{"rows": "many"}', "is not a dataset manifest"),
        ('{"format": 1}', "is not a dataset manifest: at 'format'"),
    ],
)
def test_a_damaged_manifest_is_refused(dataset: Dataset, text: str, message: str) -> None:
    (dataset.folder / "dataset.json").write_text(text)
    with pytest.raises(DataError, match=rf"dataset\.json {message}.*crossrank prepare"):
        Dataset(dataset.folder)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def shorten(path: Path) -> None:
    rows(9, 30).write_parquet(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (Path.unlink, "must be a readable part"),
        (cut, "must be a readable part"),
        (lambda path: path.write_bytes(b""), "must be a readable part"),
        (lambda path: path.write_bytes(b"PAR1 and nothing of the sort PAR1"), "must be a readable"),
        (shorten, "must hold 10 rows; it holds 9"),
    ],
)
def test_a_damaged_part_is_refused(
    dataset: Dataset, damage: Callable[[Path], None], message: str
) -> None:
    damage(dataset.folder / "part-00003.parquet")
    for read in (dataset.frame, lambda: list(dataset.batches(10, seed=0))):
        with pytest.raises(DataError, match=rf"part-00003\.parquet {message}.*crossrank prepare"):
            read()


def test_an_absent_column_is_told(dataset: Dataset) -> None:
    with pytest.raises(DataError, match=r"part-00000\.parquet.*price"):
        dataset.frame(["price"])


def test_only_the_encoder_that_made_it_is_accepted(dataset: Dataset) -> None:
    dataset.require(PRINT)
    with pytest.raises(FingerprintError, match="encoder eeeeeeeeeeee; it was encoded by ffffffff"):
        dataset.require("e" * 64)


def test_the_manifest_is_plain_json(dataset: Dataset) -> None:
    document = json.loads((dataset.folder / "dataset.json").read_text())
    assert document["encoder"] == PRINT
    assert sum(document["parts"].values()) == document["rows"] == 95
