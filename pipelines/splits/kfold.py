"""The split of cross-validation."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from pipelines.splits.hashing import Seed, places
from pipelines.splits.split import Measured, Split, named


class KFold(Split):
    """A stable hash of `column` puts each key into one of `k` folds, which take turns.

    Fold `fold` tests, the next one validates, `ranker` folds after that train the ranker, and
    the rest train; the folds are counted from 0 and cyclically. Over the k runs each row tests
    exactly once.
    """

    type: Literal["kfold"] = "kfold"
    column: str
    k: int = Field(default=5, ge=3, le=1000)
    fold: int = Field(default=0, ge=0)
    ranker: int = Field(default=0, ge=0)
    seed: Seed = 0

    @model_validator(mode="after")
    def _there(self) -> Self:
        if self.fold >= self.k:
            raise ValueError(
                f"fold must be one of the {self.k} folds, 0 to {self.k - 1}; it is {self.fold}"
            )
        if self.ranker > self.k - 3:
            raise ValueError(
                f"of {self.k} folds the ranker must leave one each to test, validate and train, "
                f"so at most {self.k - 3} are its own; it asks for {self.ranker}"
            )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(sorted(set(self._turns)))

    @property
    def _turns(self) -> list[str]:
        """The part of each fold, counted from the one that tests."""
        rest = self.k - 2 - self.ranker
        return ["test", "valid", *["ranker"] * self.ranker, *["train"] * rest]

    def assign(self, frame: pl.DataFrame, start: int, measured: Measured) -> pl.Series:  # noqa: ARG002
        folds = (places(frame[self.column], self.seed) * self.k).astype(np.intp)
        return named((folds - self.fold) % self.k, self._turns)
