"""Which row comes when in one pass over a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

UNIT = 16_384  # rows that are read together: a row group of a part
WINDOW = 1_048_576  # rows that a shuffle holds in memory

Rows = npt.NDArray[np.int64]


class Unit(NamedTuple):
    """Consecutive rows of a part."""

    part: str
    start: int
    rows: int


class Epoch:
    """The order of the rows of `parts` (rows by name), as given, or shuffled by a seed.

    A shuffle cuts the parts into units of `UNIT` consecutive rows, puts all units into random
    order, and deals them to rounds of `window / 2` rows. Of each round a random half of the rows
    comes at once and the other half together with the next round's, in random order. So each
    batch is a random draw from the rows of some `window / UNIT` places that are spread at random
    over the whole log, every row comes once, and no more than two rounds are in memory. With no
    more than `window` rows there is one round, and each order of the rows is equally likely.

    A stretch is what is given between the reading of two rounds. Any of them can be had without
    those before it.
    """

    def __init__(self, parts: Mapping[str, int], seed: int | None, window: int = WINDOW) -> None:
        self._seed = seed
        total = sum(parts.values())
        if seed is None:
            self.rounds = [[Unit(name, 0, rows)] for name, rows in parts.items()]
        else:
            units = [
                Unit(name, start, min(UNIT, rows - start))
                for name, rows in parts.items()
                for start in range(0, rows, UNIT)
            ]
            order = np.random.default_rng(seed).permutation(len(units))
            self.rounds = _dealt([units[i] for i in order], max(1, _share(total, window)))
        spread = seed is not None and len(self.rounds) > 1
        self._rows = [sum(unit.rows for unit in units) for units in self.rounds]
        self._later = [rows // 2 if spread else 0 for rows in self._rows]
        now = [rows - later for rows, later in zip(self._rows, self._later, strict=True)]
        self._stretches = np.array([0, *self._later]) + np.array([*now, 0])

    @property
    def stretches(self) -> int:
        """How many stretches there are; the last one reads no new round."""
        return len(self._stretches)

    def find(self, row: int) -> tuple[int, int]:
        """The stretch that gives the row of that place in the order, and its place in there."""
        ends = np.cumsum(self._stretches)
        stretch = int(np.searchsorted(ends, row, side="right"))
        return stretch, row - int(ends[stretch - 1] if stretch else 0)

    def reaches_back(self, number: int) -> bool:
        """Whether a stretch counts its rows through the round before."""
        return self._seed is not None and number > 0

    def stretch(self, number: int) -> Rows | slice:
        """Its rows in order: counted through the round before, then through its own."""
        if self._seed is None:
            return slice(0, int(self._stretches[number]))
        before = self._rows[number - 1] if number else 0
        late = self._halves(number - 1)[1] if number else np.empty(0, np.int64)
        now = self._halves(number)[0] if number < len(self.rounds) else np.empty(0, np.int64)
        rows = np.concatenate([late, before + now])
        return np.random.default_rng([self._seed, number, 0]).permutation(rows)

    def _halves(self, number: int) -> tuple[Rows, Rows]:
        """The rows of a round that come at once, and those that come with the next."""
        rows, later = self._rows[number], self._later[number]
        pairs = 2 * np.arange(later)  # a coin decides which of two neighbours comes later
        coin = np.random.default_rng([self._seed or 0, number, 1]).integers(0, 2, later)
        return np.concatenate([pairs + 1 - coin, np.arange(2 * later, rows)]), pairs + coin


def _share(total: int, window: int) -> int:
    return total if total <= window else window // 2


def _dealt(units: list[Unit], most: int) -> list[list[Unit]]:
    """Rounds of at least `most` rows, the last one of what is left."""
    rounds: list[list[Unit]] = []
    rows = most
    for unit in units:
        if rows >= most:
            rounds.append([])
            rows = 0
        rounds[-1].append(unit)
        rows += unit.rows
    return rounds
