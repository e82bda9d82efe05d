"""How a ranker stands on a model."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.cosines import Pair
from features.errors import ConfigError
from features.schema import Schema
from features.suggest import listing, nearest
from features.transforms.bucketize import Bucketize
from features.transforms.categorical import Categorical
from features.transforms.custom import Custom


class StackingConfig(BaseModel):
    """What a ranker is given of the model, beside the features.

    With `folds` it learns from the rows that the model learns from, each scored by one of so many
    models that have not seen it (Wolpert, Neural Networks 1992); rows of a query, or of a value of
    `column`, are of one fold. `cosines` are pairs of features, the cosine of whose embeddings is a
    column.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folds: int | None = Field(default=None, ge=2, le=100)
    column: str | None = None
    cosines: tuple[Pair, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.column is not None and self.folds is None:
            raise ValueError("`column` says what the folds are cut by; give the number of `folds`")
        for pair in self.cosines:
            if pair[0] == pair[1]:
                raise ValueError(f"a cosine is of two features; got '{pair[0]}' twice")
        if len({frozenset(pair) for pair in self.cosines}) < len(self.cosines):
            raise ValueError("each pair of `cosines` must be named once, in whichever order")
        return self

    def require(self, schema: Schema) -> None:
        """Raises ConfigError: a cosine is of what is no feature of ids."""
        kinds = (Categorical, Bucketize, Custom)
        known = [one.name for one in schema.features if isinstance(one, kinds)]
        for name in (name for pair in self.cosines for name in pair):
            if name not in known:
                raise ConfigError(
                    "stacking.cosines must be of features whose values are ids, of: "
                    f"{listing(known) or 'none is declared'}; got '{name}'.{nearest(name, known)}"
                )
