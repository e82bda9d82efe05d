"""Tables on disk: written in any storage, mapped, and read as they were."""

from pathlib import Path

import numpy as np
import pytest

from features.errors import BundleError
from serving.tables.files import load_table
from serving.tables.layout import Range, TableLayout
from serving.tables.storage import STORAGES, Storage, row_bytes
from serving.tables.write import write_table

LOSS = {"float32": 0, "float16": 1e-3, "bfloat16": 8e-3, "int8": 0.02, "int4": 0.3, "int2": 1}


def some(rows: int, dim: int = 6) -> np.ndarray:
    return np.random.default_rng(rows).normal(size=(rows, dim)).astype(np.float32)


def on_disk(folder: Path) -> int:
    return sum(np.load(file).nbytes for file in folder.glob("*.npy"))


@pytest.mark.parametrize("storage", STORAGES)
def test_every_storage_is_read_as_written(tmp_path: Path, storage: Storage) -> None:
    weights = some(300)
    layout = TableLayout(rows=300, dim=6, ranges=(Range(rows=300, storage=storage),))
    write_table(tmp_path, "embedding", weights, layout)
    found = load_table(tmp_path, "embedding", layout).gather(np.arange(300, dtype=np.int32))
    assert found.dtype == np.float32
    assert np.abs(found - weights).max() <= LOSS[storage.split("_")[0]] * np.abs(weights).max()
    assert layout.bytes == on_disk(tmp_path) == 300 * row_bytes(storage, 6)


def test_ranges_of_their_own_storages(tmp_path: Path) -> None:
    weights = some(100)
    kinds: list[tuple[int, Storage | None]] = [
        (10, "float32"),
        (5, None),
        (60, "int4"),
        (20, "float32"),
        (5, "bfloat16"),
    ]
    ranges = tuple(Range(rows=rows, storage=kind) for rows, kind in kinds)
    layout = TableLayout(rows=100, dim=6, ranges=ranges)
    write_table(tmp_path, "one", weights, layout)
    found = load_table(tmp_path, "one", layout).gather(np.arange(100, dtype=np.int32))
    exact = np.r_[0:10, 75:95]
    np.testing.assert_array_equal(found[exact], weights[exact])
    assert not found[10:15].any()
    for start, stop, loss in ((15, 75, 0.3), (95, 100, 8e-3)):
        part = slice(start, stop)
        assert 0 < np.abs(found[part] - weights[part]).max() < loss * np.abs(weights).max()
    assert layout.bytes == on_disk(tmp_path)


def test_rows_that_are_pruned_cost_a_bit(tmp_path: Path) -> None:
    weights = some(1000)
    kept = np.random.default_rng(0).random(1000) < 0.2
    many = int(kept.sum())
    ranges = (Range(rows=50, storage="float32"), Range(rows=many - 50, storage="int8"))
    layout = TableLayout(rows=1000, dim=6, ranges=ranges, pruned=True)
    write_table(tmp_path, "one", weights, layout, kept)
    found = load_table(tmp_path, "one", layout).gather(np.arange(1000, dtype=np.int32))
    assert not found[~kept].any()
    first = np.flatnonzero(kept)[:50]
    np.testing.assert_array_equal(found[first], weights[first])
    np.testing.assert_allclose(found[kept], weights[kept], atol=0.02)
    assert layout.bytes == on_disk(tmp_path) < 1000 * 6 * 4 / 4


@pytest.mark.parametrize("storage", ["float32", "int4"])
def test_another_shape_or_type_is_refused(tmp_path: Path, storage: Storage) -> None:
    layout = TableLayout(rows=30, dim=6, ranges=(Range(rows=30, storage=storage),))
    write_table(tmp_path, "one", some(30), layout)
    file = next(tmp_path.glob("*.npy"))
    array = np.load(file)
    for other in (array[:-1], array.astype(np.int64), np.asfortranarray(array)):
        np.save(file, other)
        with pytest.raises(BundleError, match=r"must hold .*; it holds"):
            load_table(tmp_path, "one", layout)
    file.write_bytes(b"no array")
    with pytest.raises(BundleError, match="must be an array file"):
        load_table(tmp_path, "one", layout)


def test_bits_that_keep_another_number_of_rows_are_refused(tmp_path: Path) -> None:
    layout = TableLayout(rows=70, dim=6, ranges=(Range(rows=3, storage="int8"),), pruned=True)
    kept = np.zeros(70, bool)
    kept[:3] = True
    write_table(tmp_path, "one", some(70), layout, kept)
    np.save(tmp_path / "one.kept.npy", np.array([1, 0], np.uint64))
    with pytest.raises(BundleError, match="must keep 3 rows"):
        load_table(tmp_path, "one", layout)


def test_ranges_must_hold_all_rows() -> None:
    with pytest.raises(ValueError, match="the ranges hold 3 of 4 rows"):
        TableLayout(rows=4, dim=2, ranges=(Range(rows=3, storage="int8"),))
