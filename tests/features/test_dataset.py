import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.batch import Batch
from features.dataset import LABEL, POSITION, QUERY, WEIGHT, Dataset, DatasetWriter
from features.errors import DataError, FingerprintError
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


def written(folder: Path, frames: list[pl.DataFrame], part_rows: int = 10) -> Dataset:
    with DatasetWriter(folder, PRINT, LAYOUT, part_rows) as writer:
        for frame in frames:
            writer.write(frame)
    return Dataset(folder)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """95 rows in ten parts, nine of ten rows and one of five."""
    return written(tmp_path / "data", [rows(37), rows(0), rows(3, 37), rows(55, 40)])


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


def test_parts_are_of_equal_size_whatever_was_written_at_once(dataset: Dataset) -> None:
    assert list(dataset.manifest.parts.values()) == [10] * 9 + [5]
    assert sorted(dataset.manifest.parts) == list(dataset.manifest.parts)
    assert [frame.height for frame in dataset.frames()] == [10] * 9 + [5]
    assert dataset.rows == 95
    assert dataset.layout == LAYOUT
    assert dataset.manifest.label_sum == 47
    assert dataset.manifest.roles == ("label", "weight", "query", "position")


def test_the_rows_come_back_in_order(dataset: Dataset) -> None:
    assert dataset.frame().equals(rows(95))
    assert dataset.frame([QUERY, "x"]).equals(rows(95).select(QUERY, "x"))


def test_the_writer_knows_how_much_it_has_written(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "data", PRINT, LAYOUT, part_rows=10) as writer:
        assert (writer.rows, writer.label_sum) == (0, None)
        writer.write(rows(13))
        assert (writer.rows, writer.label_sum) == (13, 6)
        writer.write(rows(13))
        assert (writer.rows, writer.label_sum) == (26, 12)


def test_roles_that_are_not_there(tmp_path: Path) -> None:
    found = written(tmp_path / "data", [rows(12).drop(LABEL, WEIGHT, QUERY, POSITION)])
    (batch,) = found.batches(100)
    assert (batch.label, batch.weight, found.manifest.label_sum) == (None, None, None)


@pytest.mark.parametrize("size", [1, 7, 10, 32, 95, 1000])
@pytest.mark.parametrize("window", [1, 3, 8, 100])
def test_batches_in_order(dataset: Dataset, size: int, window: int) -> None:
    batches = list(dataset.batches(size, window_parts=window))
    assert numbers(batches) == list(range(95))
    assert [batch.rows for batch in batches] == [size] * (95 // size) + [95 % size] * (
        95 % size > 0
    )


@pytest.mark.parametrize("size", [1, 7, 10, 32, 95, 1000])
@pytest.mark.parametrize("window", [1, 3, 8, 100])
def test_shuffled_batches_hold_every_row_once(dataset: Dataset, size: int, window: int) -> None:
    batches = list(dataset.batches(size, seed=1, window_parts=window))
    found = numbers(batches)
    assert sorted(found) == list(range(95))
    assert found != list(range(95))
    assert [batch.rows for batch in batches] == [size] * (95 // size) + [95 % size] * (
        95 % size > 0
    )


def test_the_seed_decides_the_order(dataset: Dataset) -> None:
    def shuffled(seed: int) -> list[int]:
        return numbers(list(dataset.batches(16, seed=seed, window_parts=3)))

    assert shuffled(1) == shuffled(1)
    assert len({tuple(shuffled(seed)) for seed in range(5)}) == 5


def test_parts_and_the_rows_within_windows_are_shuffled(tmp_path: Path) -> None:
    found = written(tmp_path / "data", [rows(90)])
    windows = [numbers([batch]) for batch in found.batches(30, seed=3, window_parts=3)]
    parts = [sorted({i // 10 for i in window}) for window in windows]
    assert [len(some) for some in parts] == [3, 3, 3]  # whole parts, and no others
    assert parts != [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert all(window != sorted(window) for window in windows)


def test_no_more_than_two_windows_are_read_ahead(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0
    original = Dataset._frame

    def counting(self: Dataset, *arguments: Any) -> pl.DataFrame:
        nonlocal read
        read += 1
        return original(self, *arguments)

    monkeypatch.setattr(Dataset, "_frame", counting)
    given = 0
    for batch in dataset.batches(5, seed=0, window_parts=2):
        assert read <= given // 10 + 4  # parts begun, and two windows of two
        given += batch.rows
    assert read == 10


def test_a_reader_may_stop_early(dataset: Dataset) -> None:
    batches = dataset.batches(5, seed=0, window_parts=1)
    assert next(batches).rows == 5
    batches.close()  # type: ignore[attr-defined]
    assert len(list(dataset.batches(5))) == 19


def test_no_rows(tmp_path: Path) -> None:
    found = written(tmp_path / "data", [rows(0)])
    assert (found.rows, list(found.batches(5)), list(found.frames())) == (0, [], [])


def test_a_dataset_is_not_written_over_another(dataset: Dataset) -> None:
    with pytest.raises(FileExistsError):
        DatasetWriter(dataset.folder, PRINT, LAYOUT)


def test_without_a_manifest_there_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"dataset\.json must exist.*crossrank prepare"):
        Dataset(tmp_path)


def test_an_interrupted_writer_leaves_no_manifest(tmp_path: Path) -> None:
    def interrupted() -> None:
        with DatasetWriter(tmp_path / "data", PRINT, LAYOUT, part_rows=5) as writer:
            writer.write(rows(12))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(DataError, match=r"dataset\.json must exist"):
        Dataset(tmp_path / "data")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "must be JSON"),
        ("[]", "must hold a JSON object"),
        ("{}", "is not a dataset manifest"),
        ('{"rows": "many"}', "is not a dataset manifest"),
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
