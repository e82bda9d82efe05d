"""Parquet files, read a row group's pages at a time."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from features.readers.dtypes import plain, polars_schema
from features.readers.failures import reading
from features.readers.options import Options
from features.readers.source import Source, require_same

_PIECE = 65_536  # rows decoded at once


class ParquetSource(Source):
    """Rows of Parquet files that share the first one's columns; columns beyond those are ignored.

    Dictionary-encoded strings are read as String. Only the footers are read at construction.
    Raises DataError on a file that is not Parquet, SchemaError on files that disagree.
    """

    def __init__(self, files: Sequence[Path], options: Options) -> None:
        schema: dict[str, pl.DataType] = {}
        heights = 0
        for file in files:
            with reading(file), pq.ParquetFile(file) as parquet:
                arrow = parquet.schema_arrow
                found = polars_schema({field.name: field.type for field in arrow})
                heights += parquet.metadata.num_rows
            schema = schema or found
            require_same(file, found, files[0], schema)
        super().__init__(files, schema, options.model_dump(mode="json"))
        self._rows: int = heights

    @cached_property
    def _count(self) -> int:
        return self._rows

    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        return self._frames_from(columns, 0)

    def _frames_from(self, columns: tuple[str, ...], start: int) -> Iterator[pl.DataFrame]:
        for file in self.files:
            # Pre-buffering would keep every row group read so far in memory.
            with reading(file), pq.ParquetFile(file, pre_buffer=False) as parquet:
                groups, start = _groups_from(parquet.metadata, start)
                for batch in parquet.iter_batches(_PIECE, row_groups=groups, columns=list(columns)):
                    frame = plain(batch).select(columns)
                    if start < frame.height:
                        yield frame.slice(start)
                    start = max(0, start - frame.height)


def _groups_from(metadata: Any, start: int) -> tuple[list[int], int]:
    """The row groups that hold rows from `start` on, and how many of their rows come before."""
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if start < rows:
            return list(range(group, metadata.num_row_groups)), start
        start -= rows
    return [], start
