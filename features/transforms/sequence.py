"""A list of ids, such as the items a user clicked before."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field as Option

from features.errors import SchemaError
from features.hashing import hash_text
from features.layout import Field, SequenceField
from features.ragged import Ragged
from features.state import State
from features.statistics import Counts
from features.transforms.categorical import Categorical
from features.transforms.text import canonical
from features.transforms.transform import Values
from features.want import Want


class Sequence(Categorical):
    """A list column (or an id column split at `separator`), cut to `max_length`.

    `keep` names the end that stays. A missing list is an empty one; missing elements are dropped,
    unless `aligned`: then they stay, as missing, so that several lists cut alike stay aligned.

        [[features]]
        type = "sequence"
        column = "history"
        vocabulary = "item_id"
        max_length = 20
    """

    type: Literal["sequence"] = "sequence"
    want: ClassVar[Want] = "ids"
    max_length: int = Option(default=20, ge=1, le=4096)
    keep: Literal["last", "first"] = "last"
    aligned: bool = False
    separator: str | None = Option(default=None, min_length=1)

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

    def count(self, frame: pl.DataFrame) -> Counts:
        lists, inner = self._lists(frame[self.column].dtype)
        elements = frame.select(lists.alias("element")).to_series().explode(empty_as_null=False)
        element = canonical(pl.col("element"), inner, self.column)
        return Counts.of(elements.to_frame().select(element).to_series().drop_nulls())

    def read(self, dtype: pl.DataType) -> pl.Expr:
        """To lists of text, none null, elements only where they are missing yet aligned."""
        lists, inner = self._lists(dtype)
        texts = lists.list.eval(canonical(pl.element(), inner, self.column))
        if not self.aligned:
            texts = texts.list.drop_nulls()
        cut = texts.list.tail if self.keep == "last" else texts.list.head
        return cut(self.max_length).fill_null(pl.lit([], dtype=pl.List(pl.String)))

    def encode(self, values: pl.Series, state: State) -> Values:
        texts = values.explode(empty_as_null=False, keep_nulls=False)
        lengths = values.list.len().to_numpy().astype(np.int64)
        return Ragged(self.rows(hash_text(texts), state), lengths)

    def field(self, state: State) -> Field:  # noqa: ARG002
        return SequenceField(name=self.name, vocabulary=self.key, length=self.max_length)
