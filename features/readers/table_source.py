"""A source whose files hold named columns, and whose folders may name some more."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from features.readers.dtypes import plain
from features.readers.location import Location
from features.readers.options import TableOptions
from features.readers.partitions import added
from features.readers.source import Source


class TableSource(Source):
    """Rows of files, completed by what the folders of a file say of all its rows.

    `own` maps the columns of the files themselves.
    """

    def __init__(
        self, files: Sequence[Location], own: Mapping[str, pl.DataType], options: TableOptions
    ) -> None:
        self._added = added(files[0], own)
        # Where the partitions are, the files say: `hive` itself tells no rows apart.
        told = options.model_dump(mode="json", exclude={"hive"})
        super().__init__(files, {**own, **self._added}, told)

    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        return self._frames_from(columns, 0)

    def _own(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of `columns` that the files hold; if none, one that tells their height."""
        own = tuple(name for name in columns if name not in self._added)
        return own or (next(iter(self.schema)),)

    def _completed(
        self, file: Location, columns: tuple[str, ...], frames: Iterable[pl.DataFrame]
    ) -> Iterator[pl.DataFrame]:
        from_folders = [
            pl.lit(file.partition[name][0], dtype).alias(name)
            for name, dtype in self._added.items()
            if name in columns
        ]
        for frame in frames:
            yield frame.with_columns(from_folders).select(columns)


class BatchSource(TableSource):
    """Rows of files that are read as record batches, one after the other."""

    @abstractmethod
    def _batches(self, file: Location, columns: tuple[str, ...]) -> Iterator[Any]:
        """Yield record batches of `columns`, all of them the file's own."""

    def _frames_from(self, columns: tuple[str, ...], start: int) -> Iterator[pl.DataFrame]:
        for file in self.files:
            skipped = _Skipped(start)
            batches = skipped.of(self._batches(file, self._own(columns)))
            yield from self._completed(file, columns, map(plain, batches))
            start = skipped.left


class _Skipped:
    """Record batches less their first `left` rows, before anything is converted."""

    def __init__(self, left: int) -> None:
        self.left = left

    def of(self, batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            if batch.num_rows > self.left:
                yield batch.slice(self.left)
            self.left = max(0, self.left - batch.num_rows)
