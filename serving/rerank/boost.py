"""Scores moved up or down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from serving.rerank.condition import When, all_hold
from serving.rerank.rule import Read, Rule, reads_of
from serving.rerank.traits import Traits

Floats = npt.NDArray[np.float64]

_LARGEST = float(np.finfo(np.float32).max)  # as of any other score


class Boost(Rule):
    """The scores of the rows for which all conditions hold, times `factor` or plus `add`.

    A negative score is divided by the factor, so that one above 1 raises every score and one below
    lowers it. With `column`, `add` is multiplied by the number there, or by 0 where none is.
    """

    type: Literal["boost"] = "boost"
    when: When = ()
    factor: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    add: float | None = Field(default=None, allow_inf_nan=False)
    column: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.factor is None) == (self.add is None):
            raise ValueError("a boost needs either `factor` or `add`; it has both or neither")
        if self.column is not None and self.add is None:
            raise ValueError("the numbers of `column` are added; give `add`, not `factor`")
        if not self.when and self.column is None:
            raise ValueError("a boost of every row changes nothing; give `when` or `column`")
        return self

    @property
    def reads(self) -> Iterator[Read]:
        yield from reads_of(self.when)
        if self.column is not None:
            yield self.column, "number"

    def apply(self, scores: Floats, traits: Traits) -> Floats:
        """float64 (rows,)."""
        concerned = all_hold(self.when, traits)
        if self.factor is not None:
            moved = np.where(scores >= 0, scores * self.factor, scores / self.factor)
        else:
            assert self.add is not None
            times = 1.0 if self.column is None else np.nan_to_num(traits.numbers(self.column))
            with np.errstate(over="ignore"):
                moved = scores + self.add * times
        return np.where(concerned, np.clip(moved, -_LARGEST, _LARGEST), scores)
