"""What every feature declaration can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from features.layout import Field
from features.statistics import Statistic
from features.vocabulary import Vocabulary

State = Mapping[str, Any]  # JSON


class Transform(BaseModel, ABC):
    """A declared feature: pure functions of the declaration and the fitted state.

    `observe` summarises rows; the summaries of features that share a `key` are merged;
    `finalize` turns the whole into a JSON state (vocabularies are kept apart, by key); and
    `encode` gives the expression that turns the raw column into the encoded one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    column: str

    @property
    @abstractmethod
    def key(self) -> str:
        """Features with the same key share one statistic."""

    @abstractmethod
    def observe(self, frame: pl.DataFrame) -> Statistic: ...

    @abstractmethod
    def finalize(self, statistic: Any) -> State | Vocabulary:
        """Decide what is kept. Raises DataError where the column holds nothing to learn from."""

    @abstractmethod
    def encode(self, dtype: pl.DataType, state: Any) -> pl.Expr:
        """Expression over raw frames whose column has this dtype. Raises SchemaError."""

    @abstractmethod
    def field(self, state: Any) -> Field: ...
