"""What encoded data looks like: the fields a model is built for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Option

LOGIT = "ctr_logit"  # the CTR model's score among the ranker's columns


class _Field(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str


class IdField(_Field):
    """One row of a vocabulary's table an example: int32 (rows,)."""

    kind: Literal["id"] = "id"
    vocabulary: str


class SequenceField(_Field):
    """Up to `length` rows of a vocabulary's table an example: int32 (rows, length), -1 padded."""

    kind: Literal["sequence"] = "sequence"
    vocabulary: str
    length: int


class NumericField(_Field):
    """`width` numbers an example: float32 (rows,), or (rows, width) where there are several."""

    kind: Literal["numeric"] = "numeric"
    width: int = 1

    @property
    def parts(self) -> tuple[str, ...]:
        """A name for each number."""
        if self.width == 1:
            return (self.name,)
        return tuple(f"{self.name}[{i}]" for i in range(self.width))


Field = Annotated[IdField | SequenceField | NumericField, Option(discriminator="kind")]


class Layout(BaseModel):
    """Fields in declared order, and the rows of each vocabulary's table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: tuple[Field, ...]
    vocabularies: dict[str, int]

    @cached_property
    def ids(self) -> tuple[IdField, ...]:
        return tuple(field for field in self.fields if isinstance(field, IdField))

    @cached_property
    def sequences(self) -> tuple[SequenceField, ...]:
        return tuple(field for field in self.fields if isinstance(field, SequenceField))

    @cached_property
    def numerics(self) -> tuple[NumericField, ...]:
        return tuple(field for field in self.fields if isinstance(field, NumericField))

    @cached_property
    def numeric_names(self) -> tuple[str, ...]:
        """A name for each column of `Batch.numerics`."""
        return tuple(part for field in self.numerics for part in field.parts)

    def matrix_names(self, *, logit: bool, cosines: Sequence[str] = ()) -> tuple[str, ...]:
        """Columns of `Batch.matrix`, with or without the CTR model's logit and cosines."""
        names = tuple(field.name for field in (*self.ids, *self.sequences))
        return (*self.numeric_names, *names, *([LOGIT] if logit else []), *cosines)
