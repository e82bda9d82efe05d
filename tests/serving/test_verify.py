"""A bundle is verified, and what it holds is told."""

from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest

from features.errors import BundleError
from serving.bundle import open_bundle
from serving.contents import contents
from serving.verify import verify


def test_a_whole_bundle(world: Any) -> None:
    found = verify(world.bundles["int8"], rows=(1, 30))
    assert found.largest == 0
    assert set(found.milliseconds) == {1, 30}


def test_a_bundle_with_a_bit_flipped(world: Any, tmp_path: Path) -> None:
    copy = copytree(world.bundles["int8"], tmp_path / "bundle")
    file = next((copy / "tables").iterdir())
    held = bytearray(file.read_bytes())
    held[-1] ^= 1
    file.write_bytes(held)
    with pytest.raises(BundleError, match=f"tables/{file.name}"):
        verify(copy)


def test_contents_add_up_to_the_files(world: Any) -> None:
    folder = world.bundles["int8"]
    found = contents(folder)
    manifest = open_bundle(folder)
    for name, entry in manifest.tables.items():
        held = [one for one in found if one.table == name]
        assert sum(one.rows for one in held) == entry.layout.rows
        arrays = [np.load(file) for file in (folder / "tables").glob(f"{name}.*.npy")]
        assert sum(one.bytes for one in held) == sum(one.nbytes for one in arrays)
        assert all(sum(one.storages.values()) == one.rows for one in held)
