"""A row that stands at a place of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from serving.rerank.condition import When, all_hold
from serving.rerank.rule import Read, Rule, reads_of
from serving.rerank.traits import Traits


class Pin(Rule):
    """The best row for which all conditions hold stands at `position`, counted from 0.

    Where there are too few rows for that, it stands as low as there are.
    """

    type: Literal["pin"] = "pin"
    when: Annotated[When, Field(min_length=1)]
    position: int = Field(ge=0)

    @property
    def reads(self) -> Iterator[Read]:
        return reads_of(self.when)


def places(pins: Iterable[Pin], traits: Traits, rows: npt.NDArray[np.intp]) -> dict[int, int]:
    """By position, which of these candidates, best first, stands there whatever its score.

    A row that several pins are for goes to the first of them.
    """
    wanted: dict[int, int] = {}
    for pin in pins:
        fitting = np.flatnonzero(all_hold(pin.when, traits)[rows]).tolist()
        row = next((one for one in fitting if one not in wanted.values()), None)
        if row is not None:
            wanted[pin.position] = row
    pinned: dict[int, int] = {}
    lowest = len(rows)
    for position in sorted(wanted, reverse=True):
        lowest = min(position, lowest - 1)
        pinned[lowest] = wanted[position]
    return pinned
