"""Rows in a file, and the part that a split gives each of them."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from features.readers.open import open_source
from features.readers.source import Source
from pipelines.splits.split import Split

Stored = Callable[[pl.DataFrame], Source]


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    def store(frame: pl.DataFrame) -> Source:
        frame.write_parquet(tmp_path / "rows.parquet")
        return open_source("rows.parquet", None, tmp_path)

    return store


@pytest.fixture
def parts(stored: Stored) -> Callable[..., list[str]]:
    """The parts of the rows of a frame, read in small batches."""

    def of(split: Split, frame: pl.DataFrame, batch: int = 7) -> list[str]:
        source = stored(frame)
        measured = split.measure(source)
        start, found = 0, []
        for piece in source.batches(rows=batch):
            found += split.assign(piece, start, measured).to_list()
            start += piece.height
        return found

    return of
