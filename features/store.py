"""An encoder on disk: encoder.json, arrays that are mapped, and a file of values a vocabulary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from features.encoder import Encoder
from features.errors import DataError, FingerprintError
from features.files import read_json, write_json
from features.hashing import Hashes
from features.index import FIRST, Index, Rows
from features.schema import Schema
from features.state import Array, State
from features.suggest import listing
from features.vocabulary import Vocabulary

_FILE, _KEYS, _ROWS = "encoder.json", "index-keys.npy", "index-rows.npy"
_AGAIN = "Prepare or export again."

_Arrays = dict[str, Annotated[str, Field(pattern=r"^array-[0-9]+\.npy$")]]


class _Known(BaseModel):
    """A vocabulary: its slots in the index, and the file that lists its values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: NonNegativeInt
    start: NonNegativeInt
    stop: int = Field(ge=1)
    shift: int = Field(ge=1, le=63)
    file: str = Field(pattern=r"^vocabulary-[0-9]+\.arrow$")


class _State(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    values: dict[str, Any]
    arrays: _Arrays
    training: _Arrays
    vocabulary: _Known | None


class _Saved(BaseModel):
    """encoder.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2]
    schema_: Schema = Field(alias="schema")
    states: dict[str, _State]
    fingerprint: str


def save(encoder: Encoder, folder: Path, *, training: bool = False) -> None:
    """Write an encoder into a new folder; `training` keeps what only its own log's rows need."""
    folder.mkdir(parents=True)
    files = 0

    def arrays(named: Any) -> dict[str, str]:
        nonlocal files
        names = {}
        for name, array in named.items():
            names[name] = f"array-{files:03d}.npy"
            np.save(folder / names[name], array, allow_pickle=False)
            files += 1
        return names

    states: dict[str, Any] = {}
    index: Index | None = None
    for i, (key, state) in enumerate(encoder.states.items()):
        states[key] = {
            "values": dict(state.values),
            "arrays": arrays(state.arrays),
            "training": arrays(state.training if training else {}),
            "vocabulary": None,
        }
        if state.vocabulary is not None:
            name = f"vocabulary-{i:03d}.arrow"
            state.vocabulary.save(folder / name)
            index = state.vocabulary.index
            place = {"start": index.start, "stop": index.stop, "shift": index.shift}
            states[key]["vocabulary"] = {"size": state.vocabulary.size, **place, "file": name}
    if index is not None:
        np.save(folder / _KEYS, index.keys)
        np.save(folder / _ROWS, index.rows)
    document = {
        "format": 2,
        "schema": encoder.schema.model_dump(mode="json"),
        "states": states,
        "fingerprint": encoder.fingerprint,
    }
    write_json(folder / _FILE, document)


def load(folder: Path) -> Encoder:
    """Map an encoder: its arrays are read by the page, and shared by all who map them.

    Raises DataError for a damaged folder, FingerprintError for one that was altered.
    """
    saved = _read(folder / _FILE)
    keys: Hashes = np.empty(0, np.uint64)
    rows: Rows = np.empty(0, np.int32)
    if any(state.vocabulary for state in saved.states.values()):
        keys, rows = _map(folder / _KEYS, np.uint64), _map(folder / _ROWS, np.int32)
    states = {
        key: State(
            state.values,
            {name: _map(folder / file) for name, file in state.arrays.items()},
            _vocabulary(state.vocabulary, keys, rows, folder),
            {name: _map(folder / file) for name, file in state.training.items()},
        )
        for key, state in saved.states.items()
    }
    encoder = Encoder(saved.schema_, states)
    if encoder.fingerprint != saved.fingerprint:
        raise FingerprintError(
            f"The encoder in {folder} must have fingerprint {saved.fingerprint[:12]}; its "
            f"content has {encoder.fingerprint[:12]}: it was altered. {_AGAIN}"
        )
    return encoder


def _vocabulary(known: _Known | None, keys: Hashes, rows: Rows, folder: Path) -> Vocabulary | None:
    if known is None:
        return None
    slots = slice(known.start, known.stop)
    inside = known.start < known.stop <= len(keys) == len(rows)
    room = known.start + (1 << (64 - known.shift)) < known.stop
    if not (inside and room and rows[slots].max() < known.size + FIRST and rows[slots].min() >= 0):
        raise DataError(f"{folder / _ROWS} must hold the rows of {known.file}. {_AGAIN}")
    return Vocabulary(
        known.size, Index(keys, rows, known.start, known.stop, known.shift), folder / known.file
    )


def _map(path: Path, dtype: Any = None) -> Array:
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{path} must be an array file; reading it failed: {error}. {_AGAIN}"
        ) from error
    if dtype is not None and (array.dtype != dtype or array.ndim != 1):
        raise DataError(f"{path} must hold {np.dtype(dtype)}; it holds {array.dtype}. {_AGAIN}")
    return array


def _read(path: Path) -> _Saved:
    document = read_json(path, made_by=_AGAIN)
    try:
        saved = _Saved.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{path} must be an encoder; at '{where}': {first['msg']}. {_AGAIN}"
        ) from error
    wanted = {feature.key for feature in saved.schema_.transforms}
    if wanted != saved.states.keys():
        raise DataError(
            f"{path} must hold what was learned for {listing(sorted(wanted))}; it holds "
            f"{listing(sorted(saved.states))}. {_AGAIN}"
        )
    return saved
