"""What every feature declaration can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict

from features.errors import SchemaError
from features.layout import Field
from features.ragged import Ragged
from features.state import State
from features.statistics import Statistic
from features.want import Want

Values = npt.NDArray[Any] | Ragged
Together = Callable[[list[pl.Series]], Iterable[Values]]  # arrays stack: (features, n)


class Roles(BaseModel):
    """The columns of a log that are not features, by what they mean; None where undeclared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str | None = None
    weight: str | None = None
    query: str | None = None
    position: str | None = None
    propensity: str | None = None

    def require(self, role: str, by: str) -> str:
        """The column of a role. Raises SchemaError where the schema declares none."""
        column: str | None = getattr(self, role)
        if column is None:
            raise SchemaError(f"The {role} must be declared to fit {by}; declare data.{role}.")
        return column


class Transform(BaseModel, ABC):
    """A declared feature: pure functions of the declaration and of what was learned.

    `observe` summarises rows; the summaries of features that share a `key` are merged;
    `finalize` turns the whole into a state; `read` and then `encode` turn the raw column into
    the encoded one, the same in training and in the server.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    want: ClassVar[Want]

    name: str
    column: str

    @property
    @abstractmethod
    def key(self) -> str:
        """Features with the same key share one state."""

    def fit_columns(self, roles: Roles) -> tuple[str, ...]:  # noqa: ARG002 - few read a role
        """Columns that `observe` reads, none where there is nothing to learn.

        Raises SchemaError where a role is undeclared.
        """
        return (self.column,)

    @abstractmethod
    def observe(self, frame: pl.DataFrame, roles: Roles) -> Statistic | None:
        """Summary of these rows, None where there is nothing to learn.

        Pure, so that parts may be observed anywhere.
        """

    @abstractmethod
    def finalize(self, statistic: Any, base: Path) -> State:
        """Decide what is kept. Paths are relative to `base`.

        Raises DataError where the column holds nothing to learn from.
        """

    def grow(self, state: State, statistic: Any, base: Path) -> State:  # noqa: ARG002
        """What is known once a later log was seen, whose `observe` gave the statistic.

        Weights were learned for what `state` encodes, so that it must go on encoding to the same;
        unless told otherwise, all is kept. Rows of the later log are encoded by `encode`: what is
        taken from their labels here would leak.
        """
        return state

    @abstractmethod
    def read(self, dtype: pl.DataType) -> pl.Expr | None:
        """Expression from the raw column to what `encode` takes; None where it is that already.

        Raises SchemaError where columns of this dtype cannot be read as declared.
        """

    @abstractmethod
    def encode(self, values: pl.Series, state: State) -> Values:
        """An id as int32 (n,), numbers as float32 (n,) or (n, width), a sequence as `Ragged`."""

    @abstractmethod
    def field(self, state: State) -> Field:
        """What the encoded column looks like."""

    def encode_training(
        self,
        values: pl.Series,
        frame: pl.DataFrame,  # noqa: ARG002
        roles: Roles,  # noqa: ARG002
        state: State,
    ) -> Values:
        """As `encode`, for the very rows that were learned from, whose labels must not leak."""
        return self.encode(values, state)

    def kind(self, state: State) -> Hashable:  # noqa: ARG002
        """Features of one class and kind are encoded `together`."""
        return ()

    @classmethod
    def together(cls, features: Sequence[tuple[Transform, State]]) -> Together:
        """`encode` for several features of one kind at once, prepared beforehand."""
        return each(features)


def each(features: Sequence[tuple[Transform, State]]) -> Together:
    """`encode` of one feature after the other."""

    def one_by_one(columns: list[pl.Series]) -> Iterable[Values]:
        pairs = zip(features, columns, strict=True)
        return [feature.encode(values, state) for (feature, state), values in pairs]

    return one_by_one
