"""Arrow IPC files (also called Feather) and streams, read a record batch at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from features.readers.dtypes import plain, polars_schema
from features.readers.failures import reading
from features.readers.options import Options
from features.readers.source import Source, require_same

_MAGIC = b"ARROW1"  # opens the file format; a stream has none


class ArrowSource(Source):
    """Rows of Arrow IPC files that share the first one's columns; further columns are ignored.

    Dictionary-encoded strings are read as String. Files are memory-mapped.
    Raises DataError on a file that is not Arrow, SchemaError on files that disagree.
    """

    def __init__(self, files: Sequence[Path], options: Options) -> None:
        schema: dict[str, pl.DataType] = {}
        for file in files:
            with reading(file), _opened(file) as reader:
                found = polars_schema({field.name: field.type for field in reader.schema})
            schema = schema or found
            require_same(file, found, files[0], schema)
        super().__init__(files, schema, options.model_dump(mode="json"))

    @cached_property
    def _count(self) -> int:
        total = 0
        for file in self.files:
            with reading(file), _opened(file) as reader:
                total += sum(batch.num_rows for batch in _record_batches(reader))
        return total

    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        for file in self.files:
            with reading(file), _opened(file) as reader:
                for batch in _record_batches(reader):
                    yield plain(batch.select(list(columns)))


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    with pa.memory_map(str(file)) as stream:
        is_file = stream.read(len(_MAGIC)) == _MAGIC
        stream.seek(0)
        opened = pa.ipc.open_file if is_file else pa.ipc.open_stream
        with opened(stream) as reader:
            yield reader


def _record_batches(reader: Any) -> Iterator[pa.RecordBatch]:
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)
    else:
        yield from reader
