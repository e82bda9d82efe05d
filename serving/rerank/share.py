"""At least so many of a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from serving.rerank.condition import When, all_hold
from serving.rerank.limit import Limit, Mask
from serving.rerank.rule import Read, Rule, reads_of
from serving.rerank.traits import Traits

Rows = npt.NDArray[np.intp]


class Share(Rule):
    """For at least `least` of the first `top` rows all conditions hold, if there are so many."""

    type: Literal["share"] = "share"
    when: Annotated[When, Field(min_length=1)]
    least: int = Field(ge=1)
    top: int = Field(ge=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.least > self.top:
            raise ValueError(
                f"`least` must be at most `top`; {self.least} rows do not fit into {self.top}"
            )
        return self

    @property
    def reads(self) -> Iterator[Read]:
        return reads_of(self.when)

    def limit(self, traits: Traits, rows: Rows) -> Callable[[], Limit]:
        """Makes a fresh limit over these of the candidates."""
        return partial(Shared, self, all_hold(self.when, traits)[rows])


class Shared(Limit):
    """A share at work: rows of other kinds may stand above for as long as enough places are left.

    held: bool (rows,), for which rows the conditions hold.
    """

    def __init__(self, share: Share, held: Mask) -> None:
        self._held = held
        self.top = min(share.top, len(held))
        self._missing = share.least
        self._pinned: frozenset[int] = frozenset()

    def start(self, pinned: Mapping[int, int]) -> None:
        self._pinned = frozenset(position for position in pinned if position < self.top)
        self._missing -= sum(bool(self._held[pinned[position]]) for position in self._pinned)

    def open(self, position: int) -> Mask | None:
        if position >= self.top or self._missing <= 0:
            return None
        places = self.top - position - sum(one >= position for one in self._pinned)
        return self._held if places <= self._missing else None

    def place(self, row: int) -> None:
        self._missing -= bool(self._held[row])
