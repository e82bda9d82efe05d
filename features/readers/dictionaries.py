"""Columns of text as Parquet holds them: the distinct values of a row group, and their codes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from features.cores import spread
from features.readers.location import Location

_RARE = 12  # rows a value: where there are fewer, the dictionary is of no use
_ROWS = 16_384  # rows a row group: where there are fewer, nor is it


class Dictionaries:
    """Reads String columns as Enum, where that makes for less work.

    Args:
        file: opened with `columns` as its `read_dictionary`; None where there are none.
        columns: String columns of it.
        wanted: names, the columns among them; those found to hold too many values are taken out.
    """

    def __init__(
        self, file: pq.ParquetFile | None, columns: Sequence[str], wanted: set[str]
    ) -> None:
        self._file, self._columns, self._wanted = file, columns, wanted

    def read(self, groups: Sequence[int], rows: int) -> list[pl.Series]:
        """Some of the columns, over row groups of so many rows together, Enum or String.

        Raises ValueError, and Arrow's own errors.
        """
        columns = [name for name in self._columns if name in self._wanted]
        if self._file is None or not columns or rows < _ROWS * len(groups):
            return []
        table = self._file.read_row_groups(list(groups), columns=columns)
        if table.num_rows != rows:
            raise ValueError(f"Arrow reads {table.num_rows} rows")
        table = table.unify_dictionaries() if len(groups) > 1 else table
        chunks = {name: table.column(name).combine_chunks() for name in columns}
        few = {name: _RARE * len(one.dictionary) <= rows for name, one in chunks.items()}
        self._wanted.difference_update(name for name in columns if not few[name])
        return spread(lambda name: (_enum if few[name] else _text)(name, chunks[name]), columns)


@contextmanager
def opened(file: Location, columns: Sequence[str], wanted: set[str]) -> Iterator[Dictionaries]:
    """The dictionaries of those of the columns of a local file that are `wanted`."""
    columns = [name for name in columns if name in wanted]
    if not columns:
        yield Dictionaries(None, (), wanted)
        return
    with file.open() as stream:
        read = pq.ParquetFile(stream, read_dictionary=columns, pre_buffer=False)
        yield Dictionaries(read, columns, wanted)


def _enum(name: str, values: pa.DictionaryArray) -> pl.Series:
    categories = pl.Series(values.dictionary, dtype=pl.String)
    few, many = len(categories) < 1 << 8, len(categories) < 1 << 16
    kind = pl.UInt8 if few else pl.UInt16 if many else pl.UInt32  # as narrow as an Enum's own
    # Each code is a place among the categories: a check would take most of the time.
    codes = pl.Series(name, values.indices).cast(kind, wrap_numerical=True)
    return codes.cat.to(pl.Enum(categories))


def _text(name: str, values: pa.DictionaryArray) -> pl.Series:
    return pl.Series(name, values.dictionary_decode(), dtype=pl.String)
