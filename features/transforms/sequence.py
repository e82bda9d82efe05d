"""A list of ids, such as the items a user clicked before."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl
from pydantic import Field as Option

from features.errors import DataError, SchemaError
from features.layout import Field, SequenceField
from features.statistics import Counts
from features.transforms.text import canonical
from features.transforms.transform import Transform
from features.vocabulary import Vocabulary


class Sequence(Transform):
    """A list column (or an id column split at `separator`), cut to `max_length`.

    `keep` names the end that stays. Missing elements are dropped; a missing list is an empty one.

        [[features]]
        type = "sequence"
        column = "history"
        vocabulary = "item_id"
        max_length = 20
    """

    type: Literal["sequence"] = "sequence"
    vocabulary: str = ""
    max_length: int = Option(default=20, ge=1, le=4096)
    keep: Literal["last", "first"] = "last"
    separator: str | None = Option(default=None, min_length=1)
    min_count: int = Option(default=1, ge=1)
    max_size: int | None = Option(default=None, ge=1)

    @property
    def key(self) -> str:
        return self.vocabulary or self.name

    def _lists(self, dtype: pl.DataType) -> tuple[pl.Expr, pl.DataType]:
        column = pl.col(self.column)
        if isinstance(dtype, pl.List | pl.Array):
            inner = dtype.inner
            if not isinstance(inner, pl.DataType):
                inner = inner()
            return column.cast(pl.List(inner)), inner
        if dtype == pl.Null:
            return column.cast(pl.List(pl.String)), pl.String()
        if self.separator:  # lists of one are read as numbers, from a CSV file for one
            return canonical(column, dtype, self.column).str.split(self.separator), pl.String()
        raise SchemaError(
            f"Column '{self.column}' must hold lists to be a sequence; it holds {dtype}. "
            "Declare `separator` to split text."
        )

    def observe(self, frame: pl.DataFrame) -> Counts:
        lists, inner = self._lists(frame.schema[self.column])
        elements = frame.select(lists.alias("element")).to_series().explode(empty_as_null=False)
        element = canonical(pl.col("element"), inner, self.column)
        return Counts.of(elements.to_frame().select(element).to_series().drop_nulls())

    def finalize(self, statistic: Counts) -> Vocabulary:
        if statistic.table.is_empty():
            raise DataError(
                f"Column '{self.column}' must hold values to learn a vocabulary from; every list "
                "is empty. Remove the feature or mend the data."
            )
        return Vocabulary.from_counts(statistic, min_count=self.min_count, max_size=self.max_size)

    def encode(self, dtype: pl.DataType, state: Any) -> pl.Expr:
        lists, inner = self._lists(dtype)
        texts = lists.list.eval(canonical(pl.element(), inner, self.column)).list.drop_nulls()
        cut = texts.list.tail if self.keep == "last" else texts.list.head
        rows = cut(self.max_length).list.eval(state.lookup_present(pl.element()))
        return rows.fill_null(pl.lit([], dtype=pl.List(pl.Int32))).alias(self.name)

    def field(self, state: Any) -> Field:  # noqa: ARG002
        return SequenceField(name=self.name, vocabulary=self.key, length=self.max_length)
