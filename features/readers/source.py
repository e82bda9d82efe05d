"""A source of raw rows: typed columns, streamed in batches, that can say which files it is."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from features.errors import ConfigError, DataError, SchemaError
from features.readers.failures import reading
from features.readers.location import Location, each
from features.suggest import listing, nearest

if TYPE_CHECKING:
    from features.readers.filter import Filter

ROWS = 131_072
_EDGE = 1 << 20  # bytes digested at each end of a file


class Source(ABC):
    """Rows of one or more files of one format, in file order.

    `schema` maps each column to its Polars dtype. `options` are the JSON-able settings that
    shape the rows; they belong to the identity.
    """

    def __init__(
        self,
        files: Sequence[Location],
        schema: Mapping[str, pl.DataType],
        options: Mapping[str, Any],
    ) -> None:
        self.files: tuple[Location, ...] = tuple(files)
        self.schema: dict[str, pl.DataType] = dict(schema)
        self.options: dict[str, Any] = dict(options)

    @abstractmethod
    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        """Yield frames of exactly `columns`, in order, of whatever height is natural."""

    def _frames_from(self, columns: tuple[str, ...], start: int) -> Iterator[pl.DataFrame]:
        """Yield what `_frames` does, less the first `start` rows; formats that can, skip them."""
        return dropped(self._frames(columns), start)

    def _matching(self, columns: tuple[str, ...], wanted: "Filter") -> Iterator[pl.DataFrame]:  # noqa: ARG002
        """Yield what `_frames` does, less rows that `wanted` cannot keep; which, is up to us."""
        return self._frames(columns)

    def coded(self, columns: Collection[str]) -> "Source":  # noqa: ARG002
        """The same rows; of these columns, those held by dictionary may come as Enum."""
        return self

    @property
    def name(self) -> str:
        """What errors call these rows: the first file."""
        return self.files[0].name if self.files else "the frame"

    def batches(
        self, columns: Sequence[str] | None = None, rows: int = ROWS, start: int = 0
    ) -> Generator[pl.DataFrame]:
        """Yield frames of `rows` rows (the last may be shorter), holding `columns` in that order.

        The first `start` rows are skipped. Raises ConfigError on a bad argument, SchemaError on
        an unknown column, and, while iterating, DataError on rows that cannot be read, or none.
        """
        if rows < 1:
            raise ConfigError(f"rows must be at least 1; got {rows}.")
        if start < 0:
            raise ConfigError(f"start must be a number of rows to skip, 0 or more; got {start}.")
        frames = rebatch(self._frames_from(self._checked(columns), start), rows)
        return frames if start else self._some(frames)

    def ahead(
        self, columns: Sequence[str] | None = None, rows: int = ROWS, start: int = 0
    ) -> Generator[pl.DataFrame]:
        """As `batches`, but each is read while the one before it is in use."""
        frames = self.batches(columns, rows, start)
        with closing(frames), ThreadPoolExecutor(1) as pool:
            following = pool.submit(next, frames, None)
            while (frame := following.result()) is not None:
                following = pool.submit(next, frames, None)
                yield frame

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
            "files": list(each(fingerprint, self.files)),
        }

    def _some(self, frames: Iterator[pl.DataFrame]) -> Generator[pl.DataFrame]:
        found = False
        for frame in frames:
            found = True
            yield frame
        if not found:
            raise self._none()

    def _none(self) -> DataError:
        return no_rows(self.files) if self.files else DataError("a frame must hold rows; got none.")

    def _checked(self, columns: Sequence[str] | None) -> tuple[str, ...]:
        if columns is None:
            return tuple(self.schema)
        if not columns or isinstance(columns, str) or len(set(columns)) != len(columns):
            raise ConfigError(f"columns must be distinct column names, at least one; got {columns}")
        for name in columns:
            if name not in self.schema:
                raise SchemaError(
                    f"column {name!r} is not in {self.name}; it has "
                    f"{listing(self.schema, 40)}.{nearest(name, self.schema)}"
                )
        return tuple(columns)


def rebatch(frames: Iterable[pl.DataFrame], rows: int) -> Generator[pl.DataFrame]:
    """Yield the rows of `frames` again in frames of `rows` rows, the last possibly shorter."""
    held: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        start = 0
        while height + frame.height - start >= rows:
            taken = rows - height
            yield united([*held, frame.slice(start, taken)])
            start += taken
            held, height = [], 0
        if start < frame.height:
            held.append(frame.slice(start))
            height += frame.height - start
    if held:
        yield united(held)


def dropped(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """Yield `frames` less their first `rows` rows."""
    for frame in frames:
        if frame.height > rows:
            yield frame.slice(rows)
        rows = max(0, rows - frame.height)


def united(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rows of all frames, whose dtypes are the same but that a text may be an Enum.

    Where it is one in all of them it stays one, of the categories of all.
    """
    if len(frames) == 1:
        return frames[0]
    dtypes: dict[Any, Any] = {}
    for name in frames[0].columns:
        found = [one[name].dtype for one in frames]
        enums = [one for one in found if isinstance(one, pl.Enum)]
        if not enums or all(one == found[0] for one in found):
            continue
        categories = pl.concat([one.categories for one in enums]).unique(maintain_order=True)
        dtypes[name] = pl.Enum(categories) if len(enums) == len(found) else pl.String()
    return pl.concat([one.cast(dtypes) for one in frames] if dtypes else frames, rechunk=False)


def fingerprint(file: Location) -> dict[str, Any]:
    """Return name, size (bytes), mtime_ns (where known) and sha256 of the first and last MiB.

    What the folders say of the rows is in it too, as `partition`.
    """
    with reading(file), file.open() as stream:
        status = file.status()
        size = stream.size()
        digest = hashlib.sha256(stream.read(_EDGE))
        stream.seek(max(stream.tell(), size - _EDGE))
        digest.update(stream.read(_EDGE))
    return {
        "name": file.name,
        "size": size,
        "mtime_ns": status.mtime_ns,
        "edges_sha256": digest.hexdigest(),
        **({} if file.partition.is_empty() else {"partition": file.partition.row(0, named=True)}),
    }


def require_same(
    file: Location,
    found: Mapping[str, pl.DataType],
    first: Location,
    schema: Mapping[str, pl.DataType],
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


def no_rows(files: Sequence[Location]) -> DataError:
    """Return the error for `files` that hold no row between them."""
    return DataError(f"{listing(map(str, files), 3)}: no rows; a source must hold at least one.")
