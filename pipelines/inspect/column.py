"""The profile of one column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from features.sketches.histogram import Histogram
from features.statistics import Statistic
from pipelines.guessing import words
from pipelines.inspect.tally import Tally
from pipelines.inspect.values import Values, lists_of

Kind = Literal["number", "time", "id", "list", "other"]

NAMES_ROWS = "differs in nearly every row"
COUNTS_ROWS = "counts the rows"

_UNIQUE = 0.95  # share of distinct values from which on a column names its rows
_ENOUGH = 50  # rows for that to mean something


@dataclass(frozen=True)
class ColumnProfile(Statistic):
    """Of a column: all rows, those that are null, and what the others hold.

    values: of lists, of their elements; None where nothing can be told of them.
    lengths: of lists.
    """

    name: str
    dtype: pl.DataType
    total: Tally
    nulls: int
    values: Values | None
    lengths: Histogram | None = None

    @classmethod
    def of(cls, column: pl.Series, labels: pl.DataFrame | None) -> ColumnProfile:
        total, nulls = Tally.of(len(column), labels), column.null_count()
        lists = lists_of(column)
        if lists is None:
            return cls(column.name, column.dtype, total, nulls, Values.of(column, labels))
        rows = lists.to_frame() if labels is None else labels.with_columns(lists)
        elements = rows.explode(column.name, empty_as_null=False, keep_nulls=False)
        values = Values.of(
            elements[column.name], None if labels is None else elements.drop(column.name)
        )
        lengths = Histogram.of(lists.list.len(), labels)
        return cls(column.name, column.dtype, total, nulls, values, lengths)

    def merge(self, other: ColumnProfile) -> ColumnProfile:
        return ColumnProfile(
            self.name,
            self.dtype,
            self.total.merge(other.total),
            self.nulls + other.nulls,
            None
            if self.values is None or other.values is None
            else self.values.merge(other.values),
            None
            if self.lengths is None or other.lengths is None
            else self.lengths.merge(other.lengths),
        )

    @property
    def kind(self) -> Kind:
        """Whole numbers are ids where the name says so, as `crossrank init` has it."""
        if self.lengths is not None:
            return "list"
        if self.values is None:
            return "other"
        if self.values.numbers is None:
            return "id"
        if self.dtype.is_temporal():
            return "time"
        return "id" if self.dtype.is_integer() and words.is_code(self.name) else "number"

    @property
    def missing(self) -> int:
        """Rows that are null, NaN or ""; of lists, null or without elements."""
        if self.lengths is not None:
            return self.nulls + self.lengths.rank(0)
        return self.nulls if self.values is None else self.total.rows - self.values.present.rows

    @property
    def notes(self) -> list[str]:
        """What is odd about the column, in a few words each."""
        values, rows = self.values, self.total.rows
        if self.missing == rows:
            return ["no values"]
        if values is None:
            return ["no feature reads this type"]
        if self.lengths is not None:
            return []
        distinct, _ = values.cardinality
        notes = ["the same in every row"] if distinct == 1 and not self.missing else []
        if values.present.rows >= _ENOUGH and distinct >= _UNIQUE * values.present.rows:
            if self.kind == "id":
                notes.append(NAMES_ROWS)
            elif self._steps_by_one(values):
                notes.append(COUNTS_ROWS)
        if values.numbers is not None and values.numbers.infinities:
            notes.append("holds infinities")
        return notes

    def _steps_by_one(self, values: Values) -> bool:
        if values.numbers is None or not self.dtype.is_integer():
            return False
        return values.numbers.maximum - values.numbers.minimum + 1 == self.total.rows
