"""Lines cut at blanks into tokens, `key:value` tokens into numbers, numbers into a matrix."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import DataError
from features.readers.failures import bad_line
from features.readers.location import Location

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Pairs:
    """The `index:value` tokens of some lines, in order: row (from 0), index, value."""

    row: Ints
    index: Ints
    value: Floats


@dataclass(frozen=True)
class Tokens:
    """The tokens of the lines of one file, comments (from `#`) dropped.

    `lines` holds `line` and `text`; `text` is (tokens,), `row` its rows, `start` (rows,) the
    first token of each row, `length` (rows,) their number, at least one.
    """

    file: Location
    lines: pl.DataFrame
    text: pl.Series
    row: Ints
    start: Ints
    length: Ints

    @classmethod
    def of(cls, file: Location, lines: pl.DataFrame) -> "Tokens":
        """Cut the `content_lines` frame `lines` of `file`."""
        parts = lines["text"].str.splitn("#", 2).struct.field("field_0").str.split(" ")
        row = np.repeat(np.arange(lines.height), parts.list.len().to_numpy())
        text = parts.explode()
        some = (text != "").to_numpy()  # blanks in a row leave empty tokens
        if not some.all():
            text, row = text.filter(pl.Series(some)), row[some]
        length = np.bincount(row, minlength=lines.height).astype(np.int64)
        return cls(file, lines, text, row, np.cumsum(length) - length, length)

    def error(self, row: int, must: str, remedy: str, got: str | None = None) -> DataError:
        """Return the DataError about the line of `row`."""
        line, text = self.lines.row(row)
        return bad_line(self.file, line, must, text if got is None else got, remedy)

    def refuse(
        self, bad: npt.NDArray[np.bool_], must: str, remedy: str, got: pl.Series | None = None
    ) -> None:
        """Raise DataError about the first row where `bad` (rows,) holds, if there is one."""
        if bad.any():
            row = int(bad.argmax())
            raise self.error(row, must, remedy, None if got is None else str(got[row]))

    def at(self, position: int, must: str, remedy: str) -> pl.Series:
        """Return the token (rows,) at `position` of each row, which each row must have."""
        self.refuse(self.length <= position, must, remedy)
        return self.text.gather(self.start + position)

    def labels(self) -> pl.Series:
        """Return the first tokens as Float32 (rows,), which must be finite."""
        must, remedy = "a line must begin with its label, a number", "Mend or remove the line."
        text = self.at(0, must, remedy)
        label = text.cast(pl.Float32, strict=False)
        self.refuse(~label.is_finite().fill_null(False).to_numpy(), must, remedy, text)
        return label

    def pairs(self, after: int) -> Pairs:
        """Return the tokens of each row behind its first `after`, all of them `index:value`."""
        rest = np.arange(len(self.row)) - self.start[self.row] >= after
        text, row = self.text.filter(pl.Series(rest)), self.row[rest]
        cut = text.str.splitn(":", 2).struct
        index = cut.field("field_0").cast(pl.Int64, strict=False)
        value = cut.field("field_1").cast(pl.Float32, strict=False)
        bad = (index.is_null() | value.is_null()).to_numpy()
        if bad.any():
            at = int(bad.argmax())
            must = "features must be written index:value, a whole number and a number"
            raise self.error(int(row[at]), must, "Mend or remove the line.", str(text[at]))
        return Pairs(row, index.to_numpy(), value.to_numpy())

    def matrix(
        self, pairs: Pairs, first: int, width: int, wanted: Sequence[int], remedy: str
    ) -> Floats:
        """Return (len(wanted), rows): the values of the indices `wanted`, 0 where not given.

        Indices must lie in [first, first + width) and come once a row, else DataError.
        """
        offset = pairs.index - first
        outside = (offset < 0) | (offset >= width)
        if outside.any():
            at = int(outside.argmax())
            must = f"feature indices must be from {first} to {first + width - 1}"
            got = str(pairs.index[at])
            raise self.error(int(pairs.row[at]), must, remedy, got)
        cell = pairs.row * width + offset
        if (np.diff(cell) <= 0).any():
            order = np.argsort(cell, kind="stable")
            twice = np.diff(cell[order]) == 0
            if twice.any():
                at = int(order[1:][twice].min())
                must = "an index may come once a line"
                got = f"{pairs.index[at]} again"
                raise self.error(int(pairs.row[at]), must, "Mend or remove the line.", got)
        slot = np.full(width, -1)
        slot[np.asarray(wanted, dtype=np.int64) - first] = np.arange(len(wanted))
        column = slot[offset]
        taken = column >= 0
        values = np.zeros((len(wanted), self.lines.height), dtype=np.float32)
        values[column[taken], pairs.row[taken]] = pairs.value[taken]
        return values
