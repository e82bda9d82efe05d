"""A categorical value: one row of an embedding table."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar, Literal, Self

import numpy as np
import polars as pl
from pydantic import Field as Option
from pydantic import model_validator

from features.hashing import hash_text
from features.index import Rows, Search
from features.layout import Field, IdField, SequenceField
from features.ragged import Ragged
from features.state import State
from features.statistics import Counts
from features.transforms.categorical import Categorical
from features.transforms.text import canonical, written
from features.transforms.transform import Together, Transform, Values
from features.want import Want


class Id(Categorical):
    """A string or integer id.

    With `buckets`, `hashes` of 2 or more give it that many rows, whose mean stands for it: two
    values that share one row hardly share both (Zhang et al., RecSys 2020).

        [[features]]
        type = "id"
        columns = ["user_id", "city"]
    """

    type: Literal["id"] = "id"
    want: ClassVar[Want] = "id"
    hashes: int = Option(default=1, ge=1, le=8)

    @model_validator(mode="after")
    def _folded(self) -> Self:
        if self.hashes > 1 and self.buckets is None:
            raise ValueError("several `hashes` need `buckets` to fold the values into")
        return self

    def count(self, frame: pl.DataFrame) -> Counts:
        values = frame[self.column]
        if isinstance(values.dtype, pl.Enum):
            return Counts.of_enum(values)
        text = canonical(pl.col(self.column), values.dtype, self.column)
        return Counts.of(values.to_frame().select(text).to_series())

    def read(self, dtype: pl.DataType) -> pl.Expr | None:
        text = written(pl.col(self.column), dtype, self.column)
        return None if dtype == pl.String else text

    def encode(self, values: pl.Series, state: State) -> Values:
        hashes = hash_text(values)
        if self.hashes == 1:
            return self.rows(hashes, state)
        each = [self.rows(hashes, state, draw) for draw in range(self.hashes)]
        return Ragged(np.stack(each, 1).ravel(), np.full(len(values), self.hashes))

    def field(self, state: State) -> Field:  # noqa: ARG002 - an id's field does not depend on it
        if self.hashes > 1:
            return SequenceField(name=self.name, vocabulary=self.key, length=self.hashes)
        return IdField(name=self.name, vocabulary=self.key)

    def kind(self, state: State) -> Hashable:
        return state.vocabulary is not None

    @classmethod
    def together(cls, features: Sequence[tuple[Transform, State]]) -> Together:
        """One hash and one search for the values of all features with a vocabulary."""
        known = [state.vocabulary.index for _, state in features if state.vocabulary is not None]
        if not known:
            return super().together(features)
        search = Search(known)

        def all_at_once(columns: list[pl.Series]) -> Rows:
            hashes = hash_text(pl.concat(columns, rechunk=True) if len(columns) > 1 else columns[0])
            return search(hashes.reshape(len(columns), -1))

        return all_at_once
