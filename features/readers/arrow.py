"""Arrow IPC files (also called Feather) and streams, read a record batch at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import polars as pl
import pyarrow as pa

from features.readers.dtypes import polars_schema
from features.readers.failures import reading
from features.readers.location import Location, each
from features.readers.options import TableOptions
from features.readers.source import require_same
from features.readers.table_source import BatchSource

_MAGIC = b"ARROW1"  # opens the file format; a stream has none


class ArrowSource(BatchSource):
    """Rows of Arrow IPC files that share the first one's columns; further columns are ignored.

    Dictionary-encoded strings are read as String. Files are memory-mapped where they are near,
    and only the columns asked for are decompressed.
    Raises DataError on a file that is not Arrow, SchemaError on files that disagree.
    """

    def __init__(self, files: Sequence[Location], options: TableOptions) -> None:
        schema: dict[str, pl.DataType] = {}
        for file, found in zip(files, each(_columns, files), strict=True):
            schema = schema or found
            require_same(file, found, files[0], schema)
        super().__init__(files, schema, options)

    @cached_property
    def _count(self) -> int:
        one = self._own(())
        return sum(batch.num_rows for file in self.files for batch in self._batches(file, one))

    def _batches(self, file: Location, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        with reading(file), _opened(file, columns) as reader:
            if isinstance(reader, pa.ipc.RecordBatchFileReader):
                found = (reader.get_batch(at) for at in range(reader.num_record_batches))
            else:
                found = iter(reader)
            for batch in found:
                yield batch.select(list(columns))


def columns_of(file: Location) -> tuple[str, ...]:
    """Return the names of the columns of `file` itself."""
    return tuple(_columns(file))


def _columns(file: Location) -> dict[str, pl.DataType]:
    with reading(file), _opened(file) as reader:
        return polars_schema({field.name: field.type for field in reader.schema})


@contextmanager
def _opened(file: Location, columns: Sequence[str] = ()) -> Iterator[Any]:
    """Open `file` to read `columns` alone, or all."""
    with file.mapped() as stream:
        is_file = stream.read(len(_MAGIC)) == _MAGIC
        stream.seek(0)
        opened = pa.ipc.open_file if is_file else pa.ipc.open_stream
        with opened(stream) as reader:
            if not columns:
                yield reader
                return
            wanted = [reader.schema.names.index(name) for name in columns]
        stream.seek(0)
        with opened(stream, options=pa.ipc.IpcReadOptions(included_fields=wanted)) as reader:
            yield reader
