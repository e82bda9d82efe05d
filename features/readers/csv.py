"""Delimited text with a header (or declared column names), typed from its first rows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
from pydantic import Field

from features.errors import ConfigError, DataError
from features.readers.dtypes import arrow_type, plain, polars_schema
from features.readers.failures import reading, shown, unreadable
from features.readers.lines import line_of
from features.readers.location import Location, each
from features.readers.options import TableOptions
from features.readers.source import no_rows, require_same
from features.readers.table_source import BatchSource
from features.suggest import nearest

_BLOCK = 1 << 22  # bytes of text parsed at once; the first block is what types are inferred from
_CONVERSION = re.compile(r"In CSV column #(\d+): .*?conversion error to (.+?): (.*)", re.DOTALL)
_VALUE = re.compile(r"'(.*)'", re.DOTALL)


class CsvOptions(TableOptions):
    """`columns` names the columns of files without a header; `dtypes` overrides inference.

    Unless `quoted`, a double quote is a character like any other.
    """

    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    null_values: tuple[str, ...] = ()
    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    dtypes: dict[str, str] = Field(default_factory=dict)
    quoted: bool = True


class TsvOptions(CsvOptions):
    """The same, separated by tabs."""

    separator: Annotated[str, Field(min_length=1, max_length=1)] = "\t"


class CsvSource(BatchSource):
    """Rows of delimited UTF-8 text, plain, .gz or .zst, every file holding the same columns.

    Empty cells and `null_values` are null. Undeclared columns take the type of the first
    block of rows: integers stay integers (UInt64, then String, beyond Int64), and a column
    without a single value in it is String. Raises ConfigError on a dtype for no column;
    DataError on ragged rows, cells that break their dtype, and text that cannot be read.
    """

    def __init__(self, files: Sequence[Location], options: CsvOptions) -> None:
        self._format = options
        if options.columns is not None and len(set(options.columns)) < len(options.columns):
            raise ConfigError(f"columns must be distinct names; got {options.columns}.")
        self._headers = dict(
            zip(map(str, files), each(lambda file: columns_of(file, options), files), strict=True)
        )
        for name in options.dtypes:
            if name not in self._headers[str(files[0])]:
                raise ConfigError(
                    f"dtypes names column {name!r}, which {files[0]} does not have."
                    f"{nearest(name, self._headers[str(files[0])])}"
                )
        self._types = self._inferred(files)
        schema = polars_schema(self._types)
        for file in files:
            found = {name: schema[name] for name in self._headers[str(file)] if name in schema}
            require_same(file, found, files[0], schema)
        super().__init__(files, schema, options)

    def _batches(self, file: Location, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        return self._read(file, {name: self._types[name] for name in columns})

    def _read(self, file: Location, types: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
        ragged: list[Any] = []  # the row that Arrow refused
        try:
            yield from self._open(file, types, ragged)
        except pa.ArrowInvalid as cause:
            if ragged:
                raise self._ragged(file, ragged[0]) from cause
            raise self._unconverted(file, cause) from cause

    def _open(
        self, file: Location, types: Mapping[str, pa.DataType] | None, ragged: list[Any]
    ) -> Iterator[pa.RecordBatch]:
        def refuse(row: Any) -> str:
            ragged.append(row)
            return "error"

        chosen = self._format
        convert = pc.ConvertOptions(
            column_types=types,
            include_columns=list(types) if types is not None else None,
            null_values=["", *chosen.null_values],
            strings_can_be_null=True,
        )
        try:
            yield from pc.open_csv(
                file.stream(),
                read_options=pc.ReadOptions(block_size=_BLOCK, column_names=chosen.columns),
                parse_options=pc.ParseOptions(
                    delimiter=chosen.separator,
                    quote_char='"' if chosen.quoted else False,
                    invalid_row_handler=refuse,
                ),
                convert_options=convert,
            )
        except pa.ArrowInvalid:
            raise  # the caller knows which cell or row it is about
        except Exception as cause:
            if isinstance(cause, OSError) or file.remote:
                raise unreadable(file, cause) from cause
            raise

    def _inferred(self, files: Sequence[Location]) -> dict[str, pa.DataType]:
        """Return the Arrow type of each column from the first file that has rows."""
        declared = {name: arrow_type(name, dtype) for name, dtype in self._format.dtypes.items()}
        for file in files:
            guess = self._sample(file, None)
            if guess is None or guess.num_rows == 0:
                continue
            types = {field.name: field.type for field in guess.schema}
            floats = [name for name, kind in types.items() if pa.types.is_floating(kind)]
            if floats:
                types |= self._large_integers(file, floats)
            unseen = {n: pa.string() for n, k in types.items() if k in (pa.null(), pa.binary())}
            return types | unseen | declared
        raise no_rows(files)

    def _large_integers(self, file: Location, floats: list[str]) -> dict[str, pa.DataType]:
        """Return types for the columns of digits that Arrow took for floats: ids over 2^63."""
        texts = self._sample(file, dict.fromkeys(floats, pa.string()))
        types: dict[str, pa.DataType] = {}
        for name, cells in plain(texts).to_dict().items():
            if cells.drop_nulls().str.contains(r"^[+-]?\d+$").all():
                fits = cells.cast(pl.UInt64, strict=False).null_count() == cells.null_count()
                types[name] = pa.uint64() if fits else pa.string()
        return types

    def _sample(
        self, file: Location, types: Mapping[str, pa.DataType] | None
    ) -> pa.RecordBatch | None:
        ragged: list[Any] = []
        try:
            return next(self._open(file, types, ragged), None)
        except pa.ArrowInvalid as cause:
            if ragged:
                raise self._ragged(file, ragged[0]) from cause
            if "empty csv file" in str(cause).lower():
                return None
            raise unreadable(file, cause) from cause

    def _ragged(self, file: Location, row: Any) -> DataError:
        must = f"a row must have {row.expected_columns} cells, one a column"
        got = f"{row.actual_columns} cells: {shown(row.text)}"
        line = line_of(file, row.text)
        where = f"{file}, line {line}" if line is not None else str(file)
        return DataError(f"{where}: {must}; got {got}. Mend the row or the option separator.")

    def _unconverted(self, file: Location, cause: pa.ArrowInvalid) -> DataError:
        """Return the error for a cell that is not of its column's dtype."""
        match = _CONVERSION.search(str(cause))
        if match is None:
            return unreadable(file, cause)
        column, kind, problem = self._headers[str(file)][int(match[1])], match[2], match[3]
        value = _VALUE.search(problem)
        if value is None:
            must = "cells must be UTF-8 text" if "UTF8" in problem else f"cells must be {kind}"
            return DataError(f"{file}, column {column!r}: {must}; got {problem}. Convert the file.")
        row = self._row_of(file, column, value[1])
        return DataError(
            f"{file}, column {column!r}{row}: cells must be {kind}, as the first rows (or the "
            f"option dtypes) say; got {shown(value[1])}. Set dtypes.{column} to a wider type "
            "such as 'float64' or 'string', or list the value in null_values."
        )

    def _row_of(self, file: Location, column: str, value: str) -> str:
        """Return ", row N" (data rows counted from 1) for the first cell equal to `value`."""
        before = 0
        for batch in self._read(file, {column: pa.string()}):
            frame = plain(batch)
            hits = (frame[column].str.strip_chars() == value.strip()).arg_true()
            if len(hits):
                return f", row {before + int(hits[0]) + 1}"
            before += frame.height
        return ""


def columns_of(file: Location, options: CsvOptions) -> tuple[str, ...]:
    """Return the names of the columns of `file` itself."""
    return options.columns or header(file, options)


def header(file: Location, options: CsvOptions) -> tuple[str, ...]:
    """Return the column names that `file` begins with, which must be distinct (DataError)."""
    with reading(file), file.stream() as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if options.quoted else csv.QUOTE_NONE
        try:
            names = next(csv.reader(text, delimiter=options.separator, quoting=quoting), [])
        except csv.Error as cause:
            raise unreadable(file, cause) from cause
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice or not names:
        got = f"{twice[0]!r} twice" if twice else "no header"
        raise DataError(
            f"{file} must begin with a header of distinct column names; got {got}. Mend it, "
            "or give the option columns where the file has no header."
        )
    return tuple(names)
