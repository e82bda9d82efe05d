"""A trained model on disk: JSON and arrays."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from pydantic import TypeAdapter

from features.errors import DataError
from features.files import read_json, replacing, write_json
from features.layout import Layout
from models.model import Model
from models.optimizers.groups import Optimizers
from models.registry import AnyModel

_AGAIN = "Run `crossrank train` again."
_MODEL, _DENSE = "model.json", "dense.npz"
_WRONG = (KeyError, TypeError, OSError, EOFError, ValueError, BadZipFile, zlib.error)


def save(model: Model, folder: Path, encoder: str) -> None:
    """Write the tables with their optimizer state and the dense weights; replaces `folder`.

    `encoder` is the fingerprint of the encoder whose ids the rows belong to.
    """
    with replacing(folder) as work:
        write(model, work, encoder)


def write(model: Model, folder: Path, encoder: str) -> None:
    """As `save`, into a folder that is there."""
    for name, table in model.tables.items():
        np.save(folder / _table(name), table.storage)
    weights = {f"{i:03d}": value for i, value in enumerate(model.network.get_weights())}
    np.savez(folder / _DENSE, **weights)
    files = [_DENSE, *map(_table, model.tables)]
    write_json(
        folder / _MODEL,
        {
            "encoder": encoder,
            "seed": model.seed,
            "model": model.config.model_dump(mode="json"),
            "layout": model.layout.model_dump(mode="json"),
            "optimizers": model.optimizers.model_dump(mode="json"),
            "files": {name: _digest(folder / name) for name in files},
        },
    )


def load(folder: Path) -> tuple[Model, str]:
    """The model as saved, and the fingerprint of its encoder.

    Raises:
        DataError: the folder is incomplete or damaged, or its arrays do not fit the model it
            declares.
    """
    document = read_json(folder / _MODEL, made_by=_AGAIN)
    try:
        config: Any = TypeAdapter(AnyModel).validate_python(document["model"])
        layout = Layout.model_validate(document["layout"])
        optimizers = Optimizers.model_validate(document["optimizers"])
        model = Model(config, layout, optimizers, int(document["seed"]))
        _fill(model, folder, document)
        return model, str(document["encoder"])
    except _WRONG as error:
        raise _incomplete(folder, error) from error


def restore(model: Model, folder: Path) -> None:
    """Set the model's arrays to those of one that was made alike.

    Raises:
        DataError: as `load`.
    """
    document = read_json(folder / _MODEL, made_by=_AGAIN)
    try:
        _fill(model, folder, document)
    except _WRONG as error:
        raise _incomplete(folder, error) from error


def _fill(model: Model, folder: Path, document: dict[str, Any]) -> None:
    for name, digest in document["files"].items():
        if _digest(folder / name) != digest:
            raise ValueError(f"{name} is not what was written")
    for name, table in model.tables.items():
        table.restore(np.load(folder / _table(name), mmap_mode="r", allow_pickle=False))
    # np.load leaves a file open that it opened and could not read.
    with (folder / _DENSE).open("rb") as file, np.load(file, allow_pickle=False) as weights:
        model.network.set_weights([weights[key] for key in sorted(weights.files)])


def _table(name: str) -> str:
    return f"table-{name}.npy"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _incomplete(folder: Path, error: Exception) -> DataError:
    return DataError(
        f"{folder} must be a complete checkpoint; reading it failed: {error}. {_AGAIN}"
    )
