"""Which values may be frequent, in memory that does not grow with the values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from features.hashing import Hashes, fold, hash_text, mix
from features.statistics import Counts, Statistic

_CELLS = 1 << 24
_DRAWS = 2
_FULL = np.iinfo(np.uint16).max


@dataclass(frozen=True)
class Sieve(Statistic):
    """A counting Bloom filter of values: uint16 (16.8 million cells,), 34 MB.

    Each value counts in two cells, which others may share; so the lower one is never less than
    how often it was seen, up to 65,535 (Fan et al., 2000).
    """

    cells: npt.NDArray[np.uint16]

    @classmethod
    def of(cls, counts: Counts) -> Sieve:
        cells = np.zeros(_CELLS, np.uint16)
        seen = np.minimum(counts.table["count"].to_numpy(), _FULL)
        for places in _places(counts):
            where, which = np.unique(places, return_inverse=True)
            added = np.bincount(which, weights=seen.astype(np.float64), minlength=len(where))
            cells[where] = np.minimum(cells[where] + added, _FULL).astype(np.uint16)
        return cls(cells)

    def merge(self, other: Sieve) -> Sieve:
        room = _FULL - self.cells
        return Sieve(self.cells + np.minimum(room, other.cells))

    def sift(self, counts: Counts, least: int) -> Counts:
        """Leave out values that were certainly seen fewer than `least` times in all."""
        if counts.table.is_empty():
            return counts
        upper = np.min([self.cells[places] for places in _places(counts)], axis=0)
        return Counts(counts.table.filter(pl.Series(upper >= min(least, _FULL))), counts.nulls)


def _places(counts: Counts) -> list[npt.NDArray[np.int32]]:
    hashes: Hashes = hash_text(counts.table["value"])
    return [fold(mix(hashes, draw), _CELLS) for draw in range(_DRAWS)]
