"""Rows that are in memory already: Polars, pandas, Arrow."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Union

import polars as pl
import pyarrow as pa

from features.errors import DataError, SchemaError
from features.readers.digest import digest
from features.readers.dtypes import plain
from features.readers.filter import Filter
from features.readers.filtered import FilteredSource
from features.readers.source import Source

if TYPE_CHECKING:
    import pandas as pd

_PIECE = 65_536  # rows made plain, or of a LazyFrame computed, at once

Frame = Union[pl.DataFrame, pl.LazyFrame, pa.Table, pa.RecordBatch, "pd.DataFrame"]


class FrameSource(Source):
    """Rows of a frame; those of a LazyFrame are computed by each pass, a piece at a time.

    Categories are read as String, maps as lists of struct(key, value), as from files. The
    identity is a digest of all rows. Raises SchemaError on a column of Python objects,
    DataError where a LazyFrame cannot be computed.
    """

    def __init__(self, frame: pl.DataFrame | pl.LazyFrame) -> None:
        with _computing():
            columns = frame.collect_schema()
        for name, dtype in columns.items():
            if dtype == pl.Object:
                raise SchemaError(
                    f"column {name!r} holds Python objects; a column must hold one kind of "
                    "value. Cast it."
                )
        self._frame = frame
        super().__init__((), _plain(pl.DataFrame(schema=columns)).schema, {})

    @cached_property
    def _count(self) -> int:
        if isinstance(self._frame, pl.DataFrame):
            return self._frame.height
        with _computing():
            return int(self._frame.select(pl.len()).collect().item())

    def identity(self) -> dict[str, Any]:
        """Return what tells these rows from others: the digest of all of them."""
        return {**super().identity(), "content_sha256": self._digest}

    @cached_property
    def _digest(self) -> str:
        return digest(self._frames(tuple(self.schema)))

    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        return self._frames_from(columns, 0)

    def _frames_from(self, columns: tuple[str, ...], start: int) -> Iterator[pl.DataFrame]:
        with _computing():
            rows = self._frame.select(columns).slice(start)
            if isinstance(rows, pl.DataFrame):
                pieces = rows.iter_slices(_PIECE)
            else:
                pieces = rows.collect_batches(chunk_size=_PIECE, maintain_order=True)
            yield from map(_plain, pieces)


def source_of(frame: Frame, filter: Sequence[object] = ()) -> Source:
    """Return the source of the rows in memory that `frame` holds; a pandas index is left out.

    `filter` is that of `open_source`. Raises SchemaError where `frame` is no frame, or its
    columns are not of one kind of value each.
    """
    source = FrameSource(_polars(frame))
    wanted = Filter.of(filter)
    return FilteredSource(source, wanted) if wanted.conditions else source


def _polars(frame: Frame) -> pl.DataFrame | pl.LazyFrame:
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return frame
    if isinstance(frame, pa.Table | pa.RecordBatch):
        return plain(frame)
    import pandas as pd  # takes its time, and who came here has it loaded

    if not isinstance(frame, pd.DataFrame):
        raise SchemaError(
            "rows in memory must be a Polars, pandas or Arrow table; got "
            f"{type(frame).__name__}. Build one of these."
        )
    for name in frame.columns:
        if not isinstance(name, str):
            raise SchemaError(f"column names must be text; got {name!r}. Rename the column.")
    try:
        return plain(pa.Table.from_pandas(frame, preserve_index=False))
    except (pa.ArrowException, ValueError, TypeError) as cause:
        said = " ".join(map(str, cause.args))
        raise SchemaError(f"a column must hold one kind of value: {said}. Cast it.") from cause


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    coded = [
        name
        for name, dtype in frame.schema.items()
        if dtype.is_nested() or dtype in (pl.Categorical, pl.Enum)
    ]
    return frame.with_columns(plain(frame.select(coded).to_arrow())) if coded else frame


@contextmanager
def _computing() -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as cause:
        raise DataError(f"the frame cannot be computed: {' '.join(str(cause).split())}") from cause
