"""The rows of a log, by the part they belong to."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from features.errors import DataError
from features.readers.open import open_source
from features.readers.source import ROWS, Source
from pipelines.config import Config, Paths
from pipelines.roles import labels
from pipelines.splits.split import PARTS, Measured

_DIVIDED = "rows"  # the source whose rows the split divides; the others are parts of their own


@dataclass(frozen=True)
class Piece:
    """Raw rows of one part. `importance` (rows,), where given, multiplies their weights."""

    part: str
    rows: pl.DataFrame
    importance: pl.Series | None = None


@dataclass(frozen=True)
class Chunk:
    """What became of a fixed number of consecutive rows of one source.

    `name` tells it from all others and sorts by number; `dropped` negatives were left out.
    """

    name: str
    number: int
    height: int
    pieces: tuple[Piece, ...]
    dropped: int


class Division:
    """The sources of a configuration, divided by its split, thinned by its negatives.

    Raises:
        DataError, SchemaError: files or declared columns are missing.
    """

    def __init__(self, config: Config) -> None:
        data = config.data

        self._schema, self._split, self._negatives = config.schema_, data.split, data.negatives

        def opened(paths: Paths) -> Source:
            return open_source(paths, data.format, config.base, filter=data.filter, **data.options)

        self._sources = {_DIVIDED: opened(data.paths)} | {
            part: opened(paths) for part, paths in data.own_paths.items()
        }
        self._split.require(self._sources[_DIVIDED])
        for source in self._sources.values():
            self._schema.check(source.schema, roles=self._schema.roles)

    @property
    def identity(self) -> dict[str, Any]:
        """Which files, as JSON, by source."""
        return {name: source.identity() for name, source in self._sources.items()}

    @property
    def columns(self) -> list[str]:
        """Those that every source has."""
        first, *others = (source.schema for source in self._sources.values())
        return [name for name in first if all(name in other for other in others)]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Rows of each source."""
        return {name: source.count() for name, source in self._sources.items()}

    @cached_property
    def measured(self) -> Measured:
        """What the split had to know of all rows."""
        return self._split.measure(self._sources[_DIVIDED])

    @property
    def knowledge(self) -> dict[str, Any]:
        """What took passes over the data to find out, as JSON for `recall`."""
        return {"counts": self.counts, "measured": self.measured}

    def recall(self, knowledge: dict[str, Any]) -> None:
        """Spare the passes: `knowledge` of an earlier division of the same rows."""
        self.counts, self.measured = knowledge["counts"], knowledge["measured"]

    @property
    def total(self) -> int:
        """Rows of all sources."""
        return sum(self.counts.values())

    @property
    def divided(self) -> int:
        """Rows of the source that the split divides."""
        return self.counts[_DIVIDED]

    def fitting(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """What the split divides, in order, one chunk in memory at a time."""
        return self._chunks(_DIVIDED, columns, range(0))

    def head(self, part: str, columns: Sequence[str], rows: int) -> pl.DataFrame | None:
        """The first rows of a part that has files of its own; None for the others."""
        source = self._sources.get(part)
        return None if source is None else next(source.batches(columns, rows))

    def chunks(self, columns: Sequence[str], done: Container[str] = ()) -> Iterator[Chunk]:
        """All rows in order, one chunk in memory at a time, less the chunks that are `done`."""
        for source, rows in self.counts.items():
            numbers = range(-(-rows // ROWS))
            finished = {number for number in numbers if _name(source, number) in done}
            if not finished or len(finished) < len(numbers):
                yield from self._chunks(source, columns, finished)

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        """All rows in order, one chunk in memory at a time."""
        for source in self._sources:
            for chunk in self._chunks(source, columns, range(0)):
                yield from chunk.pieces

    def _chunks(
        self, source: str, columns: Sequence[str], finished: Container[int]
    ) -> Iterator[Chunk]:
        first = 0
        while first in finished:
            first += 1
        needed = self._needed(source, columns)
        frames = self._sources[source].batches(needed, ROWS, first * ROWS)
        for number, frame in enumerate(frames, first):
            if number in finished:
                continue
            name = _name(source, number)
            if source != _DIVIDED:
                own = (Piece(source, frame.select(columns)),)
                yield Chunk(name, number, frame.height, own, 0)
                continue
            pieces, dropped = self._cut(frame, number * ROWS, columns)
            yield Chunk(name, number, frame.height, pieces, dropped)

    def _needed(self, source: str, columns: Sequence[str]) -> list[str]:
        more: list[str] = []
        if source == _DIVIDED:
            more += self._split.columns
            more += [self._schema.roles["label"]] if self._negatives is not None else []
        return list(dict.fromkeys([*columns, *more]))

    def _cut(
        self, frame: pl.DataFrame, start: int, columns: Sequence[str]
    ) -> tuple[tuple[Piece, ...], int]:
        assigned = self._split.assign(frame, start, self.measured)
        self._refuse_both(assigned)
        importance, dropped = None, 0
        if self._negatives is not None:
            negative = (labels(frame, self._schema, binary=True) == 0).to_numpy()
            kept = self._negatives.kept(start, frame.height) | ~negative
            training = (assigned == "train").to_numpy()
            dropped = int((training & ~kept).sum())
            assigned = assigned.set(pl.Series(training & ~kept), "")
            weight = np.where(negative, self._negatives.weight, 1.0)
            importance = pl.Series(weight) if self._negatives.weight != 1 else None
        pieces = []
        for part in PARTS:
            chosen = assigned == part
            rows = frame.select(columns).filter(chosen)
            if rows.height:
                weights = importance if part == "train" else None
                pieces.append(
                    Piece(part, rows, None if weights is None else weights.filter(chosen))
                )
        return tuple(pieces), dropped

    def _refuse_both(self, assigned: pl.Series) -> None:
        for part in self._sources:
            if (assigned == part).any():
                raise DataError(
                    f"The part '{part}' must come from data.{part}_paths alone, where it is "
                    f"given; the split assigns rows of data.paths to it too. Remove one of them."
                )


def _name(source: str, number: int) -> str:
    return f"{source}-{number:05d}"
