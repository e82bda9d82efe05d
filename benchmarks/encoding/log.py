"""A simulated log in the shape of Criteo's, as one Parquet file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

LABEL = "label"
NUMERICS = tuple(f"n{i}" for i in range(1, 14))
IDS = tuple(f"c{i}" for i in range(1, 27))
VALUES = np.geomspace(10, 300_000, len(IDS)).round().astype(int).tolist()  # of each id
_CLICKS = 0.25
_MISSING = (0.0, 0.03, 0.2, 0.0, 0.45)  # of one column after another, ids and numerics alike
_CHUNK = 262_144  # rows made at once, a row group each
_TEXT = b"text_bytes"


def simulated(folder: Path, rows: int) -> Path:
    """The Parquet file of so many rows in `folder`, written unless it is there."""
    path = folder / f"criteo-{rows}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        _write(unfinished, rows)
        unfinished.rename(path)
    return path


def text_bytes(path: Path) -> int:
    """The size of the same rows as Criteo's own lines: values between tabs."""
    return int(pq.read_metadata(path).metadata[_TEXT])


def _write(path: Path, rows: int) -> None:
    ids, numbers, text = pa.string(), pa.int64(), 0
    columns = {LABEL: pa.int8()} | dict.fromkeys(NUMERICS, numbers) | dict.fromkeys(IDS, ids)
    with pq.ParquetWriter(path, pa.schema(columns.items()), compression="zstd") as writer:
        for frame in _chunks(rows):
            every = frame.select(pl.all().cast(pl.String).str.len_bytes().sum())
            text += sum(every.row(0)) + frame.height * frame.width  # a tab or a newline each
            writer.write_table(frame.to_arrow().cast(writer.schema))
        writer.add_key_value_metadata({_TEXT: str(text)})


def _chunks(rows: int) -> Iterator[pl.DataFrame]:
    names = [distinct(i, size) for i, size in enumerate(VALUES)]
    laws = [np.cumsum(1.0 / np.arange(1, size + 1)) for size in VALUES]
    for number, start in enumerate(range(0, rows, _CHUNK)):
        random, height = np.random.default_rng([1, number]), min(_CHUNK, rows - start)
        columns = {LABEL: pl.Series((random.random(height) < _CLICKS).astype(np.int8))}
        for i, name in enumerate(NUMERICS):
            drawn = random.lognormal(i % 5, 1.0 + i % 3 / 2, height).astype(np.int64)
            columns[name] = _holed(pl.Series(drawn), i, random)
        for i, (name, values, law) in enumerate(zip(IDS, names, laws, strict=True)):
            ranks = law.searchsorted(law[-1] * random.random(height))  # by Zipf's law
            columns[name] = _holed(values.gather(ranks), i, random)
        yield pl.DataFrame(columns)


def distinct(column: int, size: int) -> pl.Series:
    """Distinct ids of 8 hex characters, in no order."""
    drawn = np.random.default_rng([2, column]).choice(2**32, size, replace=False)
    return pl.Series([f"{one:08x}" for one in drawn.tolist()])


def _holed(values: pl.Series, column: int, random: np.random.Generator) -> pl.Series:
    share = _MISSING[column % len(_MISSING)]
    if not share:
        return values
    present = pl.Series(random.random(len(values)) >= share)
    return pl.select(pl.when(present).then(values)).to_series()
