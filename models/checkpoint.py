"""A trained model on disk: JSON and arrays."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from features.errors import DataError
from features.files import read_json, replacing, write_json
from features.layout import Layout
from models.model import Model
from models.network import ModelConfig
from models.optimizers.groups import Optimizers
from models.registry import AnyModel

_AGAIN = "Run `crossrank train` again."
_MODEL, _DENSE, _STATE = "model.json", "dense.npz", "optimizer.npz"
_WRONG = (KeyError, TypeError, OSError, EOFError, ValueError, BadZipFile, zlib.error)

Arrays = list[npt.NDArray[Any]]


@dataclass(frozen=True)
class Saved:
    """What a checkpoint holds; its tables, as `Table.storage` gave them, are mapped.

    `dense` are the weights of the network, `state` what its update rule remembers, empty where
    that was not saved.
    """

    encoder: str
    seed: int
    config: ModelConfig
    layout: Layout
    optimizers: Optimizers
    tables: dict[str, npt.NDArray[np.float32]]
    dense: Arrays
    state: Arrays

    def fill(self, model: Model) -> None:
        """Set the arrays of a model made alike. Raises ValueError where they do not fit."""
        for name, table in model.tables.items():
            table.restore(self.tables[name])
        model.network.set_weights(self.dense)


def save(model: Model, folder: Path, encoder: str, state: Sequence[npt.NDArray[Any]] = ()) -> None:
    """Write the tables with their optimizer state and the dense weights; replaces `folder`.

    `encoder` is the fingerprint of the encoder whose ids the rows belong to, `state` what the
    dense update rule remembers (`Step.state`).
    """
    with replacing(folder) as work:
        write(model, work, encoder, state)


def write(model: Model, folder: Path, encoder: str, state: Sequence[npt.NDArray[Any]] = ()) -> None:
    """As `save`, into a folder that is there."""
    for name, table in model.tables.items():
        np.save(folder / _table(name), table.view)
    _save_arrays(folder / _DENSE, model.network.get_weights())
    _save_arrays(folder / _STATE, state)
    files = [_DENSE, _STATE, *map(_table, model.tables)]
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


def read(folder: Path) -> Saved:
    """What was saved.

    Raises:
        DataError: the folder is incomplete or damaged.
    """
    document = read_json(folder / _MODEL, made_by=_AGAIN)
    try:
        for name, digest in document["files"].items():
            if _digest(folder / name) != digest:
                raise ValueError(f"{name} is not what was written")
        config: Any = TypeAdapter(AnyModel).validate_python(document["model"])
        layout = Layout.model_validate(document["layout"])
        return Saved(
            str(document["encoder"]),
            int(document["seed"]),
            config,
            layout,
            Optimizers.model_validate(document["optimizers"]),
            {
                name: np.load(folder / _table(name), mmap_mode="r", allow_pickle=False)
                for name in config.tables(layout)
            },
            _load_arrays(folder / _DENSE),
            _load_arrays(folder / _STATE) if _STATE in document["files"] else [],
        )
    except _WRONG as error:
        raise _incomplete(folder, error) from error


def load(folder: Path) -> tuple[Model, str]:
    """The model as saved, and the fingerprint of its encoder.

    Raises:
        DataError: the folder is incomplete or damaged, or its arrays do not fit the model it
            declares.
    """
    saved = read(folder)
    try:
        model = Model(saved.config, saved.layout, saved.optimizers, saved.seed)
        saved.fill(model)
    except _WRONG as error:
        raise _incomplete(folder, error) from error
    return model, saved.encoder


def restore(model: Model, folder: Path) -> Arrays:
    """Set the model's arrays to those of one that was made alike; returns the `state`.

    Raises:
        DataError: as `load`.
    """
    saved = read(folder)
    try:
        saved.fill(model)
    except _WRONG as error:
        raise _incomplete(folder, error) from error
    return saved.state


def _save_arrays(file: Path, arrays: Sequence[npt.NDArray[Any]]) -> None:
    named: dict[str, Any] = {f"{i:03d}": value for i, value in enumerate(arrays)}
    np.savez(file, **named)


def _load_arrays(file: Path) -> Arrays:
    # np.load leaves a file open that it opened and could not read.
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as saved:
        return [saved[name] for name in sorted(saved.files)]


def _table(name: str) -> str:
    return f"table-{name}.npy"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _incomplete(folder: Path, error: Exception) -> DataError:
    return DataError(
        f"{folder} must be a complete checkpoint; reading it failed: {error}. {_AGAIN}"
    )
