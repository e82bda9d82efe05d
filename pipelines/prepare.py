"""Logs to encoded datasets: fit the encoder on the training rows, encode every part."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock

from features import store
from features.dataset import Dataset, DatasetWriter
from features.encoder import Encoder
from features.errors import DataError
from features.files import read_json, replacing, write_json
from features.fit import fit
from features.schema import Schema
from pipelines.config import Config
from pipelines.division import Division
from pipelines.golden import sample
from pipelines.roles import role_columns
from pipelines.splits import PARTS

_FORMAT = 1  # of the prepared folder: a change makes everyone prepare anew

Report = Callable[[str, int, int], None]  # stage, rows done, rows in all


@dataclass(frozen=True)
class Prepared:
    """Encoded parts of a log, with the encoder that made them."""

    folder: Path

    @cached_property
    def encoder(self) -> Encoder:
        return store.load(self.folder / "encoder")

    @cached_property
    def about(self) -> dict[str, Any]:
        """What was prepared: `data` (fingerprint of the raw rows) and rows by part."""
        return read_json(self.folder / "prepared.json", made_by="Run `crossrank prepare` again.")

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


def prepare(config: Config, root: Path, report: Report) -> Prepared:
    """Fit and encode, or return what an earlier call with the same inputs left.

    Prepared data lies in `root/prepared/<key>`; the key covers the declaration and the files,
    so that runs over the same data share it.

    Raises:
        DataError, SchemaError: the rows cannot be used as declared.
    """
    division = Division(config)
    schema = config.schema_
    folder = root / "prepared" / _key(config, schema, division.identity)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.preparing")):
        if not (folder / "prepared.json").exists():
            with replacing(folder) as work:
                _write(work, config, schema, division, report)
    return Prepared(folder)


def _key(config: Config, schema: Schema, identity: dict[str, Any]) -> str:
    inputs = {
        "format": _FORMAT,
        "schema": schema.fingerprint,
        "split": config.data.split.model_dump(mode="json"),
        "binary": config.model is not None,
        "sources": identity,
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def _write(work: Path, config: Config, schema: Schema, division: Division, report: Report) -> None:
    encoder = fit(schema, _training(division, schema, report))
    store.save(encoder, work / "encoder", training=True)
    binary = config.model is not None
    writers: dict[str, DatasetWriter] = {}
    golden: dict[str, pl.DataFrame] = {}
    done = 0
    with ExitStack() as stack:
        for part, raw in division.rows([*dict.fromkeys([*schema.columns, *schema.roles.values()])]):
            if part not in writers:
                golden[part] = raw.select(schema.columns).head(4096)
                writers[part] = stack.enter_context(
                    DatasetWriter(work / part, encoder.fingerprint, encoder.layout)
                )
            roles = role_columns(raw, schema, binary=binary)
            writers[part].write(encoder.encode(raw).with_columns(roles))
            done += raw.height
            report("encode", done, division.total)
    if binary:
        for part, writer in writers.items():
            _require_both_classes(part, writer)
    shown = golden.get("valid", next(iter(golden.values())))
    sample(shown, schema).write_parquet(work / "golden.parquet")
    rows = {part: writers[part].rows if part in writers else 0 for part in PARTS}
    write_json(work / "prepared.json", {"data": _fingerprint(division.identity), "rows": rows})


def _training(division: Division, schema: Schema, report: Report) -> Iterator[pl.DataFrame]:
    done = 0
    for part, raw in division.rows(schema.columns):
        done += raw.height
        report("fit", done, division.total)
        if part == "train":
            yield raw


def _require_both_classes(part: str, writer: DatasetWriter) -> None:
    if writer.label_sum in (0, writer.rows):
        raise DataError(
            f"The part '{part}' must hold both labels; all {writer.rows} rows are "
            f"{'1' if writer.label_sum else '0'}. Use more data, or change [data.split]."
        )


def _fingerprint(identity: dict[str, Any]) -> str:
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
