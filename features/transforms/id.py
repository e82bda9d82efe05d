"""A categorical value: one row of an embedding table."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl
from pydantic import Field as Option

from features.errors import DataError
from features.layout import Field, IdField
from features.statistics import Counts
from features.transforms.text import canonical, written
from features.transforms.transform import Transform
from features.vocabulary import Vocabulary


class Id(Transform):
    """A string or integer id, looked up in a vocabulary.

    Values seen fewer than `min_count` times, or beyond the `max_size` most frequent, are
    encoded as unseen. Features naming the same `vocabulary` share it and its embeddings.

        [[features]]
        type = "id"
        columns = ["user_id", "city"]
    """

    type: Literal["id"] = "id"
    vocabulary: str = ""
    min_count: int = Option(default=1, ge=1)
    max_size: int | None = Option(default=None, ge=1)

    @property
    def key(self) -> str:
        return self.vocabulary or self.name

    def observe(self, frame: pl.DataFrame) -> Counts:
        values = frame.select(
            canonical(pl.col(self.column), frame.schema[self.column], self.column)
        )
        return Counts.of(values.to_series())

    def finalize(self, statistic: Counts) -> Vocabulary:
        if statistic.table.is_empty():
            raise DataError(
                f"Column '{self.column}' must hold values to learn a vocabulary from; all "
                f"{statistic.nulls} rows are missing. Remove the feature or mend the data."
            )
        return Vocabulary.from_counts(statistic, min_count=self.min_count, max_size=self.max_size)

    def encode(self, dtype: pl.DataType, state: Any) -> pl.Expr:
        vocabulary: Vocabulary = state
        text = written(pl.col(self.column), dtype, self.column)
        return vocabulary.lookup(text).alias(self.name)

    def field(self, state: Any) -> Field:  # noqa: ARG002 - an id's field does not depend on it
        return IdField(name=self.name, vocabulary=self.key)
