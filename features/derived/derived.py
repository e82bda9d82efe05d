"""What every derived column can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, StringConstraints

from features.derived.dtype import instance
from features.errors import SchemaError
from features.suggest import listing, nearest
from features.want import Want

Name = Annotated[str, StringConstraints(min_length=1)]


class Derived(BaseModel, ABC):
    """A declared column: a pure function of other columns of its row.

    What cannot be computed (an input is missing, a number is not finite) is missing, never an
    error; the empty text and NaN are missing, as everywhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name

    @property
    @abstractmethod
    def wants(self) -> dict[str, Want]:
        """The raw or derived columns it reads, in order, and how a request gives them."""

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(self.wants)

    @abstractmethod
    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        """Expression for frames whose inputs have these dtypes, not aliased. Raises SchemaError."""

    def dtype(self, column: str, dtypes: Mapping[str, pl.DataType]) -> pl.DataType:
        """Dtype of an input. Raises SchemaError where it is absent."""
        if column not in dtypes:
            raise SchemaError(
                f"Column '{column}', which '{self.name}' is derived from, must be in the data; it "
                f"holds {listing(dtypes)}.{nearest(column, dtypes)}"
            )
        return instance(dtypes[column])
