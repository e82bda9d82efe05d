import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features import store
from features.encoder import Encoder
from features.errors import DataError, FingerprintError
from features.fit import fit
from features.schema import Schema
from features.vocabulary import Vocabulary

SCHEMA = Schema.model_validate(
    {
        "features": [
            {"type": "id", "column": "user", "min_count": 2},
            {"type": "id", "column": "item"},
            {"type": "id", "column": "city", "buckets": 7},
            {"type": "numeric", "column": "price", "scale": "quantile"},
            {"type": "numeric", "column": "age", "fill": 3},
        ]
    }
)
ROWS = pl.DataFrame(
    {
        "user": ["b", "a", "b", "a"],
        "item": ["7", "7", "8", "8"],
        "city": ["x", None, "y", "z"],
        "price": [0, 1, 3, None],
        "age": [1, 2, 3, 4],
    }
)


def small() -> Encoder:
    return fit(SCHEMA, [ROWS])


def edit(**changes: Any) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "encoder.json"
        document = json.loads(path.read_text()) | changes
        path.write_text(json.dumps({k: v for k, v in document.items() if v is not ...}))

    return apply


def write(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "encoder.json").write_text(text) and None


def state(key: str, **changes: Any) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        states = json.loads((folder / "encoder.json").read_text())["states"]
        edit(states={**states, key: states[key] | changes})(folder)

    return apply


def vocabulary(**changes: Any) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        states = json.loads((folder / "encoder.json").read_text())["states"]
        state("user", vocabulary=states["user"]["vocabulary"] | changes)(folder)

    return apply


def array(name: str, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    return lambda folder: np.save(folder / name, change(np.load(folder / name)))


KEYS, ROWS_FILE = "index-keys.npy", "index-rows.npy"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "encoder.json").unlink(), r"encoder\.json must exist"),
        (write("{"), r"encoder\.json must be JSON"),
        (write("[]"), r"encoder\.json must hold a JSON object, not list"),
        (write("[" * 100_000), r"encoder\.json must be JSON"),
        (edit(format=1), r"encoder\.json must be an encoder; at 'format'"),
        (edit(format=...), r"encoder\.json must be an encoder; at 'format'"),
        (edit(schema={"features": []}), r"encoder\.json .* at 'schema'"),
        (edit(schema=...), r"encoder\.json .* at 'schema'"),
        (edit(states=[1]), r"encoder\.json .* at 'states'"),
        (edit(fingerprint=7), r"encoder\.json .* at 'fingerprint'"),
        (edit(extra=1), r"encoder\.json .* at 'extra'"),
        (edit(states={}), r"encoder\.json must hold .*numeric:price"),
        (vocabulary(file="../vocabulary-000.arrow"), r"encoder\.json .* at 'states.user.voc"),
        (vocabulary(file="vocabulary-000.arrow\n"), r"encoder\.json .* at 'states.user.voc"),
        (vocabulary(shift=64), r"encoder\.json .* at 'states.user.vocabulary.shift"),
        (vocabulary(stop=10**9), r"index-rows\.npy must hold the rows of vocabulary-000"),
        (vocabulary(size=1), r"index-rows\.npy must hold the rows of vocabulary-000"),
        (vocabulary(shift=1), r"index-rows\.npy must hold the rows of vocabulary-000"),
        (state("numeric:price", arrays={"knots": "/etc/passwd"}), r"encoder\.json .* at 'states"),
        (lambda folder: (folder / KEYS).unlink(), KEYS),
        (lambda folder: (folder / KEYS).write_bytes(b"\x93NUMPY"), KEYS),
        (lambda folder: (folder / ROWS_FILE).write_bytes(b""), ROWS_FILE),
        (lambda folder: (folder / "array-000.npy").unlink(), "array-000.npy"),
        (array(KEYS, lambda keys: keys.astype(np.int64)), "must hold uint64"),
        (array(ROWS_FILE, lambda rows: rows[:-1]), "index-rows.npy must hold the rows"),
        (array(ROWS_FILE, lambda rows: rows + 9), "index-rows.npy must hold the rows"),
        (array(ROWS_FILE, lambda rows: rows - 9), "index-rows.npy must hold the rows"),
        (
            lambda folder: np.save(folder / KEYS, np.array([{}], object), allow_pickle=True),
            "must be an array file",
        ),
    ],
)
def test_a_damaged_folder_is_refused(
    tmp_path: Path, damage: Callable[[Path], Any], message: str
) -> None:
    store.save(small(), tmp_path / "encoder")
    damage(tmp_path / "encoder")
    with pytest.raises(DataError, match=message):
        store.load(tmp_path / "encoder")


@pytest.mark.parametrize(
    "alter",
    [
        array(KEYS, lambda keys: keys + (keys != 0).astype(np.uint64)),
        array(ROWS_FILE, lambda rows: np.where(rows == 2, 3, np.where(rows == 3, 2, rows))),
        array("array-000.npy", lambda knots: knots + 1),
        state("city", values={"buckets": 8, "seed": 0}),
        state("numeric:age", values={"shift": 0.0, "scale": 1.0, "missing": 0.0}),
        edit(fingerprint="0" * 64),
        edit(schema=SCHEMA.model_copy(update={"label": "click"}).model_dump(mode="json")),
    ],
)
def test_an_altered_encoder_is_refused(tmp_path: Path, alter: Callable[[Path], Any]) -> None:
    store.save(small(), tmp_path / "encoder")
    alter(tmp_path / "encoder")
    with pytest.raises(FingerprintError, match=r"encoder must have fingerprint .* altered"):
        store.load(tmp_path / "encoder")


def test_arrays_are_mapped_and_values_are_there_to_be_read(tmp_path: Path) -> None:
    encoder = small()
    store.save(encoder, tmp_path / "encoder")
    loaded = store.load(tmp_path / "encoder")
    known = loaded.states["user"].vocabulary
    assert isinstance(known, Vocabulary)
    assert isinstance(known.index.keys.base, np.memmap)
    assert known.values.to_list() == ["a", "b"]
    assert loaded.encode(ROWS).equals(encoder.encode(ROWS))
