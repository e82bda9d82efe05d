"""A source of raw rows: typed columns, streamed in batches, that can say which files it is."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from features.errors import ConfigError, DataError, SchemaError
from features.readers.failures import reading
from features.suggest import listing, nearest

ROWS = 262_144
_EDGE = 1 << 20  # bytes digested at each end of a file


class Source(ABC):
    """Rows of one or more files of one format, in file order.

    `schema` maps each column to its Polars dtype. `options` are the JSON-able settings that
    shape the rows; they belong to the identity.
    """

    def __init__(
        self,
        files: Sequence[Path],
        schema: Mapping[str, pl.DataType],
        options: Mapping[str, Any],
    ) -> None:
        self.files: tuple[Path, ...] = tuple(files)
        self.schema: dict[str, pl.DataType] = dict(schema)
        self.options: dict[str, Any] = dict(options)

    @abstractmethod
    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        """Yield frames of exactly `columns`, in order, of whatever height is natural."""

    def _frames_from(self, columns: tuple[str, ...], start: int) -> Iterator[pl.DataFrame]:
        """As `_frames`, less the first `start` rows; a format that can skip them unread does."""
        for frame in self._frames(columns):
            if start < frame.height:
                yield frame.slice(start)
            start = max(0, start - frame.height)

    def batches(
        self, columns: Sequence[str] | None = None, rows: int = ROWS, start: int = 0
    ) -> Iterator[pl.DataFrame]:
        """Yield frames of `rows` rows (the last may be shorter), holding `columns` in that order.

        The first `start` rows are left out. Raises ConfigError on a bad argument, SchemaError on
        an unknown column, and, while iterating, DataError on rows that cannot be read, or none.
        """
        if rows < 1:
            raise ConfigError(f"rows must be at least 1; got {rows}.")
        if start < 0:
            raise ConfigError(f"start must be at least 0; got {start}.")
        checked = self._checked(columns)
        return self._some(rebatch(self._frames_from(checked, start), rows), start)

    def count(self) -> int:
        """Return the number of rows: free where the format stores it, else one pass."""
        return self._count

    @cached_property
    def _count(self) -> int:
        first = next(iter(self.schema))
        return sum(frame.height for frame in self._frames((first,)))

    def identity(self) -> dict[str, Any]:
        """Return what tells these rows from others: files (`fingerprint`) and options, JSON-able.

        Raises DataError where a file is gone.
        """
        return {
            "reader": type(self).__name__,
            "options": self.options,
            "files": [fingerprint(file) for file in self.files],
        }

    def _some(self, frames: Iterator[pl.DataFrame], start: int) -> Iterator[pl.DataFrame]:
        found = start > 0
        for frame in frames:
            found = True
            yield frame
        require_rows(self.files, found)

    def _checked(self, columns: Sequence[str] | None) -> tuple[str, ...]:
        if columns is None:
            return tuple(self.schema)
        if not columns or isinstance(columns, str) or len(set(columns)) != len(columns):
            raise ConfigError(f"columns must be distinct column names, at least one; got {columns}")
        for name in columns:
            if name not in self.schema:
                raise SchemaError(
                    f"column {name!r} is not in {self.files[0].name}; it has "
                    f"{listing(self.schema, 40)}.{nearest(name, self.schema)}"
                )
        return tuple(columns)


def rebatch(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """Yield the rows of `frames` again in frames of `rows` rows, the last possibly shorter."""
    held: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        start = 0
        while height + frame.height - start >= rows:
            taken = rows - height
            yield _joined([*held, frame.slice(start, taken)])
            start += taken
            held, height = [], 0
        if start < frame.height:
            held.append(frame.slice(start))
            height += frame.height - start
    if held:
        yield _joined(held)


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return frames[0] if len(frames) == 1 else pl.concat(frames, rechunk=True)


def fingerprint(file: Path) -> dict[str, Any]:
    """Return name, size (bytes), mtime_ns and sha256 of the first and last MiB of `file`."""
    with reading(file):
        status = file.stat()
        digest = hashlib.sha256()
        with file.open("rb") as stream:
            digest.update(stream.read(_EDGE))
            stream.seek(max(stream.tell(), status.st_size - _EDGE))
            digest.update(stream.read(_EDGE))
    return {
        "name": file.name,
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "edges_sha256": digest.hexdigest(),
    }


def require_same(
    file: Path, found: Mapping[str, pl.DataType], first: Path, schema: Mapping[str, pl.DataType]
) -> None:
    """Check that `file` has each column of `schema`, which came from `first`, with its dtype."""
    for name, dtype in schema.items():
        if name not in found:
            raise SchemaError(
                f"{file} has no column {name!r}, which {first.name} has; files of one source "
                "must share their columns: read them as separate sources or rewrite one."
            )
        if found[name] != dtype:
            raise SchemaError(
                f"{file} holds column {name!r} as {found[name]}, but {first.name} holds it as "
                f"{dtype}; files of one source must agree: rewrite one of them."
            )


def require_rows(files: Sequence[Path], found: bool) -> None:
    """Raise DataError unless rows were `found` in at least one of `files`."""
    if not found:
        raise DataError(f"{listing(map(str, files), 3)}: no rows; a source must hold at least one.")
