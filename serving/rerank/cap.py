"""At most so many of a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from serving.rerank.limit import Limit, Mask
from serving.rerank.rule import Read, Rule
from serving.rerank.traits import Traits

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]


class Cap(Rule):
    """At most `most` of the first `top` rows hold the same value of `column`.

    Rows without a value are not of a kind.
    """

    type: Literal["cap"] = "cap"
    column: str
    most: int = Field(ge=1)
    top: int = Field(ge=1)

    @property
    def reads(self) -> Iterator[Read]:
        yield self.column, "id"

    def limit(self, traits: Traits, rows: Rows) -> Callable[[], Limit]:
        """Makes a fresh limit over these of the candidates."""
        return partial(Capped, self, traits.ids(self.column).codes[rows])


class Capped(Limit):
    """A cap at work. codes: int64 (rows,), the kind of each row, -1 for none."""

    def __init__(self, cap: Cap, codes: Ints) -> None:
        self.top, self._most, self._codes = cap.top, cap.most, codes
        self._counts = np.zeros(codes.max(initial=-1) + 1, np.int64)
        self._open: Mask = np.ones(len(codes), bool)

    def start(self, pinned: Mapping[int, int]) -> None:
        for position, row in pinned.items():
            if position < self.top:
                self.place(row)

    def open(self, position: int) -> Mask | None:
        return self._open if position < self.top else None

    def place(self, row: int) -> None:
        code = self._codes[row]
        if code < 0:
            return
        self._counts[code] += 1
        if self._counts[code] >= self._most:
            self._open &= self._codes != code
