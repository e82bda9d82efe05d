"""Which row comes when in one pass over a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from features.dataset.halves import Halves

UNIT = 16_384  # rows that are read together: a row group of a part
WINDOW = 1_048_576  # rows that a shuffle holds in memory

Rows = npt.NDArray[np.int64]


class Unit(NamedTuple):
    """Consecutive rows of a part."""

    part: str
    start: int
    rows: int


class Order(Protocol):
    """What a loader asks of an epoch, by row or by query.

    rounds: what is read together. stretches: the rows that come before each of them and after the
    last one.
    """

    rounds: list[list[Unit]]
    stretches: Rows

    @property
    def reaches_back(self) -> bool:
        """Whether a stretch counts its rows through the round before."""

    def stretch(self, number: int) -> Rows | slice:
        """Its rows in order: counted through the round before, then through its own."""


class Epoch:
    """The order of the rows of `parts` (rows by name), as given, or shuffled by a seed.

    A shuffle cuts the parts into units of `UNIT` consecutive rows, puts all units into random
    order, and deals them to rounds of `window / 2` rows. Of each round a random half of the rows
    comes at once and the other half together with the next round's, in random order. So each
    batch is a random draw from the rows of some `window / UNIT` places that are spread at random
    over the whole log, every row comes once, and no more than two rounds are in memory. With no
    more than `window` rows there is one round, and each order of the rows is equally likely.
    Any stretch can be had without those before it.
    """

    def __init__(self, parts: Mapping[str, int], seed: int | None, window: int = WINDOW) -> None:
        self._halves: Halves | None = None
        if seed is None:
            self.rounds = [[Unit(name, 0, rows)] for name, rows in parts.items()]
            self.stretches = np.array([*parts.values(), 0], np.int64)
        else:
            self.rounds = shuffled(units(parts), seed, window)
            self._halves = Halves([sum(one.rows for one in some) for some in self.rounds], seed)
            self.stretches = self._halves.sizes

    @property
    def reaches_back(self) -> bool:
        return self._halves is not None

    def stretch(self, number: int) -> Rows | slice:
        if self._halves is None:
            return slice(0, int(self.stretches[number]))
        return self._halves.stretch(number)


class _Piece(Protocol):
    @property
    def rows(self) -> int: ...


P = TypeVar("P", bound=_Piece)


def units(parts: Mapping[str, int]) -> list[Unit]:
    """Of all parts in order, at most `UNIT` rows each."""
    return [
        Unit(name, start, min(UNIT, rows - start))
        for name, rows in parts.items()
        for start in range(0, rows, UNIT)
    ]


def shuffled(pieces: Sequence[P], seed: int, window: int) -> list[list[P]]:
    """Rounds of pieces in random order: of at least `window / 2` rows, or one for a window."""
    total = sum(one.rows for one in pieces)
    most = max(1, total if total <= window else window // 2)
    rounds: list[list[P]] = []
    rows = most
    # A stream of its own: [seed] alone would be that of [seed, 0, 0], the first stretch's.
    for i in np.random.default_rng([seed, 0, 2]).permutation(len(pieces)):
        if rows >= most:
            rounds.append([])
            rows = 0
        rounds[-1].append(pieces[i])
        rows += pieces[i].rows
    return rounds
