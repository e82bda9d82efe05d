"""Logs to encoded datasets: fit the encoder on the training rows, encode every part."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock

from features import extensions, store
from features.dataset.dataset import Dataset
from features.derived.embedding import Embedding
from features.derived.static_model import digest
from features.encoder import Encoder
from features.errors import DataError
from features.files import forget, read_json, resuming
from features.grow import require_same
from features.schema import Schema
from pipelines.config import Config
from pipelines.division import Division
from pipelines.memory import given_back
from pipelines.preparation import Preparation, Report
from pipelines.roles import chained

_FORMAT = 4  # of the prepared folder: a change makes everyone prepare anew
_FORGOTTEN = 7 * 24 * 3600.0  # seconds after which nobody is believed to resume

__all__ = ["Prepared", "Report", "fingerprint", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """Encoded parts of a log, with the encoder that made them."""

    folder: Path

    @cached_property
    def encoder(self) -> Encoder:
        return store.load(self.folder / "encoder")

    @cached_property
    def about(self) -> dict[str, Any]:
        """What was prepared: `data` (fingerprint of the raw rows), rows and labels by part, those
        of further tasks too, and how the negatives were thinned."""
        return read_json(self.folder / "prepared.json", made_by="Run `crossrank prepare` again.")

    @property
    def offset(self) -> float:
        """What maps logits of the training part, as weighted, to logits of the log."""
        negatives = self.about["negatives"]
        return 0.0 if negatives is None else float(negatives["offset"])

    @property
    def golden(self) -> pl.DataFrame:
        """A few raw rows for the bundle's golden requests."""
        return pl.read_parquet(self.folder / "golden.parquet")

    def part(self, name: str) -> Dataset:
        """Raises DataError where the split gave that part no rows."""
        if not self.about["rows"].get(name):
            rows = ", ".join(f"{part}: {count}" for part, count in self.about["rows"].items())
            raise DataError(
                f"The split must give the part '{name}' some rows; it gave {rows}. "
                "Change [data.split]."
            )
        dataset = Dataset(self.folder / name)
        dataset.require(self.encoder.fingerprint)
        return dataset


def prepare(config: Config, root: Path, report: Report, earlier: Encoder | None = None) -> Prepared:
    """Fit and encode, or return what an earlier call with the same inputs left.

    Prepared data lies in `root/prepared/<key>`; the key covers the declaration and the files,
    so that runs over the same data share it. A call that was interrupted, however hard, is gone
    on with by the next one with that key, and the files are the same to the byte; what nobody
    goes on with for a week is removed. Of two calls at once, one waits for the other. The encoder
    is grown from that of an `earlier` run, where one is given.

    Raises:
        FingerprintError: the earlier run declares other columns.
        DataError, SchemaError: the rows cannot be used as declared.
    """
    schema = config.schema_
    if earlier is not None:
        require_same(schema, earlier.schema)
    division = Division(config)
    key = _key(config, schema, division.identity, earlier)
    folder = root / "prepared" / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.preparing")):
        if not (folder / "prepared.json").exists():
            forget(folder.parent, older=_FORGOTTEN)
            with resuming(folder) as work, given_back():
                data = fingerprint(division.identity)
                Preparation(work, key, data, config, division, report, earlier).run()
    return Prepared(folder)


def _key(config: Config, schema: Schema, identity: dict[str, Any], earlier: Encoder | None) -> str:
    negatives = config.data.negatives
    inputs = {
        "format": _FORMAT,
        "schema": schema.fingerprint,
        "split": config.data.split.model_dump(mode="json"),
        "negatives": None if negatives is None else negatives.model_dump(mode="json"),
        "binary": config.model is not None,
        "chained": bool(config.data.tasks) and chained(config.model),
        "sources": identity,
        "extensions": extensions.digests(config.extensions),
        "values": {file: _digest(config.base / file) for file in schema.files}
        | {one.model: digest(one.model) for one in schema.derived if isinstance(one, Embedding)},
    }
    if earlier is not None:
        inputs["earlier"] = earlier.fingerprint
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"The vocabulary {path} must be a text file; {error}.") from error


def fingerprint(identity: dict[str, Any]) -> str:
    """sha256 of the readers and the names, sizes and content edges of the files; not of times."""
    timeless = {
        part: {
            **source,
            "files": [
                {k: v for k, v in file.items() if k != "mtime_ns"} for file in source["files"]
            ],
        }
        for part, source in identity.items()
    }
    return hashlib.sha256(json.dumps(timeless, sort_keys=True).encode()).hexdigest()
