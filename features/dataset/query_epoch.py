"""Which query comes when in one pass over a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.dataset.epoch import WINDOW, Rows, Unit, shuffled, units
from features.dataset.halves import Halves

Sizes = npt.NDArray[np.int32]


class Span(NamedTuple):
    """Consecutive queries, `first` until `last`, and where their rows are in the dataset."""

    first: int
    last: int
    start: int
    rows: int


class QueryEpoch:
    """As a shuffled `Epoch`, by whole queries: their rows stay together, in their own order.

    `sizes` int32 (queries,) are the rows of each query, in the order of the parts, whose ends
    queries may straddle. What is read together is of some `UNIT` rows, up to the end of its last
    query, so that a query which is longer makes a round of more rows. `sizes` in the order of the
    epoch are `ordered`, int32 (queries,). Beside its rows it takes some 20 bytes a query.
    """

    def __init__(
        self, parts: Mapping[str, int], sizes: Sizes, seed: int, window: int = WINDOW
    ) -> None:
        rounds = shuffled(_spans(parts, sizes), seed, window)
        self.rounds = [[unit for span in spans for unit in _units(parts, span)] for spans in rounds]
        self._sizes = [
            np.concatenate([sizes[one.first : one.last] for one in some]) for some in rounds
        ]
        self._halves = Halves([len(some) for some in self._sizes], seed)
        ordered = [self._held(i)[self._halves.stretch(i)] for i in range(len(self._halves))]
        self.ordered: Sizes = np.concatenate(ordered)
        self.stretches: Rows = np.array([some.sum(dtype=np.int64) for some in ordered])

    @property
    def reaches_back(self) -> bool:
        return True

    def stretch(self, number: int) -> Rows:
        """The rows of its queries in order: counted through the round before, then its own."""
        sizes, chosen = self._held(number), self._halves.stretch(number)
        starts = np.cumsum(sizes, dtype=np.int64) - sizes
        return ranges(starts[chosen], sizes[chosen])

    def _held(self, number: int) -> Sizes:
        """Of the queries of the round before and of its own."""
        return np.concatenate(
            [np.empty(0, np.int32), *self._sizes[max(0, number - 1) : number + 1]]
        )


def ranges(starts: Rows, sizes: Sizes) -> Rows:
    """The numbers from each start on, as many as its size, one range after the other."""
    shift = starts - (np.cumsum(sizes, dtype=np.int64) - sizes)
    return np.repeat(shift, sizes) + np.arange(sizes.sum(dtype=np.int64))


def _spans(parts: Mapping[str, int], sizes: Sizes) -> list[Span]:
    """From the first query that begins in a unit to the first one that begins in a later one."""
    ends = np.cumsum(sizes, dtype=np.int64)
    starts = ends - sizes
    heights = [unit.rows for unit in units(parts)]
    cuts = np.searchsorted(starts, np.cumsum([0, *heights]))
    return [
        Span(int(first), int(last), int(starts[first]), int(ends[last - 1] - starts[first]))
        for first, last in pairwise(np.unique(cuts))
    ]


def _units(parts: Mapping[str, int], span: Span) -> list[Unit]:
    """The rows of a span, part by part."""
    found = []
    start = 0  # of the part, in the dataset
    for name, rows in parts.items():
        first, last = max(span.start, start), min(span.start + span.rows, start + rows)
        if first < last:
            found.append(Unit(name, first - start, last - first))
        start += rows
    return found
