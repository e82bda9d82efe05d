"""Parquet files, read a row group's pages at a time."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from copy import copy
from functools import cached_property
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from features.readers import row_groups
from features.readers.dtypes import plain, polars_schema
from features.readers.failures import reading
from features.readers.filter import Filter
from features.readers.location import Location, each
from features.readers.options import TableOptions
from features.readers.source import dropped, require_same
from features.readers.statistics import bounds
from features.readers.table_source import TableSource

_PIECE = 65_536  # rows decoded at once


class ParquetSource(TableSource):
    """Rows of Parquet files that share the first one's columns; columns beyond those are ignored.

    Dictionary-encoded strings are read as String. Only the footers are read at construction.
    Raises DataError on a file that is not Parquet, SchemaError on files that disagree.
    """

    def __init__(self, files: Sequence[Location], options: TableOptions) -> None:
        schema: dict[str, pl.DataType] = {}
        self._heights: list[list[int]] = []  # of the row groups of each file
        for file, (found, heights) in zip(files, each(_footer, files), strict=True):
            schema = schema or found
            require_same(file, found, files[0], schema)
            self._heights.append(heights)
        super().__init__(files, schema, options)
        self._coded: set[str] = set()

    def coded(self, columns: Collection[str]) -> "ParquetSource":
        """The same rows; String columns of these that files hold by dictionary come as Enum."""
        other = copy(self)
        other._coded = {one for one in columns if self.schema.get(one) == pl.String}
        return other

    @cached_property
    def _count(self) -> int:
        return sum(map(sum, self._heights))

    def _frames_from(self, columns: tuple[str, ...], start: int) -> Iterator[pl.DataFrame]:
        for file, heights in zip(self.files, self._heights, strict=True):
            first = 0
            while first < len(heights) and start >= heights[first]:
                start -= heights[first]
                first += 1
            if first < len(heights):
                groups = range(first, len(heights))
                yield from dropped(self._read(file, columns, heights, groups), start)
                start = 0

    def _matching(self, columns: tuple[str, ...], wanted: Filter) -> Iterator[pl.DataFrame]:
        for file, heights in zip(self.files, self._heights, strict=True):
            with reading(file), file.open() as stream, pq.ParquetFile(stream) as parquet:
                may = wanted.may(bounds(parquet, wanted.columns), len(heights))
            groups = [group for group in range(len(heights)) if may[group]]
            yield from self._read(file, columns, heights, groups)

    def _read(
        self,
        file: Location,
        columns: tuple[str, ...],
        heights: Sequence[int],
        groups: Sequence[int],
    ) -> Iterator[pl.DataFrame]:
        own = self._own(columns)
        return self._completed(file, columns, self._decoded(file, own, heights, groups))

    def _decoded(
        self,
        file: Location,
        own: tuple[str, ...],
        heights: Sequence[int],
        groups: Sequence[int],
    ) -> Iterator[pl.DataFrame]:
        dtypes = {name: self.schema[name] for name in own}
        done = 0
        if not file.remote and row_groups.decodes(dtypes, heights):
            try:
                for frame in row_groups.frames(file, dtypes, heights, groups, self._coded):
                    yield frame
                    done += frame.height
            except (ValueError, OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
                pass  # what Polars does not read, Arrow does, or says why not
            else:
                return
        yield from dropped(map(plain, _record_batches(file, own, groups)), done)


def columns_of(file: Location) -> tuple[str, ...]:
    """Return the names of the columns of `file` itself."""
    return tuple(_footer(file)[0])


def _footer(file: Location) -> tuple[dict[str, pl.DataType], list[int]]:
    """Return the columns, and the number of rows of each row group."""
    with reading(file), file.open() as stream, pq.ParquetFile(stream) as parquet:
        columns = polars_schema({field.name: field.type for field in parquet.schema_arrow})
        groups = range(parquet.metadata.num_row_groups)
        return columns, [parquet.metadata.row_group(group).num_rows for group in groups]


def _record_batches(file: Location, columns: Sequence[str], groups: Sequence[int]) -> Iterator[Any]:
    with reading(file), file.open() as stream:
        # Pre-buffering would keep every row group read so far in memory.
        parquet = pq.ParquetFile(stream, pre_buffer=False)
        parts: Iterable[tuple[Any, Sequence[int]]] = [(parquet, groups)]
        if file.remote:  # where it saves a round trip a column, and is forgotten with its group
            known = {"metadata": parquet.metadata, "pre_buffer": True}
            parts = ((pq.ParquetFile(stream, **known), [group]) for group in groups)
        for opened, some in parts:
            for batch in opened.iter_batches(_PIECE, row_groups=some, columns=list(columns)):
                yield batch.select(columns)
