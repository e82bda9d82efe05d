"""Saving and loading each model, and the folders that must be refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.errors import DataError
from features.layout import Layout
from models import checkpoint
from models.model import Model
from models.optimizers.ftrl import Ftrl
from models.optimizers.groups import Optimizers
from models.wide_deep import WideDeep


def test_a_loaded_model_is_the_saved_one(trained: Model, coaction: Any, tmp_path: Path) -> None:
    checkpoint.save(trained, tmp_path / "saved", encoder="abc")
    loaded, encoder = checkpoint.load(tmp_path / "saved")
    assert encoder == "abc"
    assert (loaded.config, loaded.layout) == (trained.config, trained.layout)
    assert (loaded.optimizers, loaded.seed) == (trained.optimizers, trained.seed)
    np.testing.assert_array_equal(loaded.predict([coaction.held]), trained.predict([coaction.held]))
    for name, table in trained.tables.items():
        np.testing.assert_array_equal(loaded.tables[name].storage, table.storage)


@pytest.fixture(scope="module")
def layout(layout_of: Callable[..., Layout]) -> Layout:
    return layout_of(rows=5)


@pytest.fixture(scope="module")
def sound(layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint") / "saved"
    model = Model(WideDeep(dim=2, hidden=(3,)), layout, Optimizers(embeddings=Ftrl()))
    checkpoint.save(model, folder, encoder="abc")
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy of a sound checkpoint, to damage."""
    return Path(shutil.copytree(sound, tmp_path / "saved"))


def test_saving_again_replaces(folder: Path, layout: Layout) -> None:
    other = Model(WideDeep(dim=3, hidden=()), layout, Optimizers(), seed=9)
    checkpoint.save(other, folder, encoder="def")
    loaded, encoder = checkpoint.load(folder)
    assert (loaded.seed, encoder) == (9, "def")
    assert [path.name for path in folder.parent.iterdir() if path.name[0] != "."] == ["saved"]


@pytest.mark.parametrize("name", ["model.json", "table-wide.npy", "dense.npz"])
@pytest.mark.parametrize("damage", ["removed", "emptied", "cut", "garbage"])
def test_a_damaged_file_is_refused(folder: Path, name: str, damage: str) -> None:
    file = folder / name
    content = file.read_bytes()
    if damage == "removed":
        file.unlink()
    else:
        damaged = {"emptied": b"", "cut": content[: len(content) * 2 // 3], "garbage": b"\x80" * 99}
        file.write_bytes(damaged[damage])
    with pytest.raises(DataError, match=r"must .*crossrank train` again"):
        checkpoint.load(folder)


def test_a_flipped_bit_of_the_dense_weights_is_refused(folder: Path) -> None:
    content = bytearray((folder / "dense.npz").read_bytes())
    content[content.index(b"\x93NUMPY") + 130] ^= 1  # within the first array's numbers
    (folder / "dense.npz").write_bytes(content)
    with pytest.raises(DataError, match="complete checkpoint"):
        checkpoint.load(folder)


def swap(folder: Path, key: str, value: object) -> None:
    document = json.loads((folder / "model.json").read_text())
    document[key] = value
    (folder / "model.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", {"type": "wide_deep", "dim": 3, "hidden": [3]}),
        ("model", {"type": "wide_deep", "dim": 2, "hidden": [3, 3]}),
        ("model", {"type": "dcn_v2", "dim": 2, "hidden": [3]}),
        ("model", {"type": "fm"}),
        ("model", None),
        ("layout", {"fields": [], "vocabularies": {"v0": 5, "v1": 6}}),
        ("optimizers", {"embeddings": {"type": "adagrad"}}),
        ("seed", None),
    ],
)
def test_a_declaration_that_does_not_fit_the_arrays_is_refused(
    folder: Path, key: str, value: object
) -> None:
    swap(folder, key, value)
    with pytest.raises(DataError, match="complete checkpoint"):
        checkpoint.load(folder)


def test_arrays_of_objects_are_refused(folder: Path) -> None:
    """They would be unpickled."""
    shape = np.load(folder / "table-wide.npy").shape
    np.save(folder / "table-wide.npy", np.full(shape, None), allow_pickle=True)
    with pytest.raises(DataError, match="complete checkpoint"):
        checkpoint.load(folder)
