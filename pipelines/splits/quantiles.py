"""Exact quantiles of more values than memory holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

_BITS = 20  # a histogram holds at most 2^20 bins, and as many keys that wait to be counted
_SIGN = np.uint64(1 << 63)

Keys = npt.NDArray[np.uint64]


def ordered(values: pl.Series) -> Keys:
    """Keys uint64 that compare as the values do, equal where they are equal.

    Integers keep every bit; other numbers are compared as float64. There must be no null or NaN.
    """
    if values.dtype.is_unsigned_integer() and values.dtype != pl.UInt128:
        return values.cast(pl.UInt64).to_numpy()
    if values.dtype.is_integer() and values.dtype not in (pl.Int128, pl.UInt128):
        return values.cast(pl.Int64).to_numpy().view(np.uint64) ^ _SIGN
    bits = (values.cast(pl.Float64).to_numpy() + 0.0).view(np.uint64)  # -0.0 is 0.0
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


@dataclass
class _Histogram:
    """Counts of keys by `key >> shift`; the shift grows until the bins are few enough."""

    shift: int = 0
    bins: Keys = field(default_factory=lambda: np.empty(0, np.uint64))
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    _waiting: list[Keys] = field(default_factory=list)

    def add(self, keys: Keys) -> None:
        if len(keys):
            self._waiting.append(keys)
        if sum(map(len, self._waiting)) >= 1 << _BITS:
            self.settle()

    def settle(self) -> None:
        """Count the keys that wait."""
        if not self._waiting:
            return
        new, times = np.unique(
            np.concatenate(self._waiting) >> np.uint64(self.shift), return_counts=True
        )
        self._waiting = []
        bins = np.concatenate([self.bins, new])
        order = np.argsort(bins, kind="stable")
        self.bins, self.counts = bins[order], np.concatenate([self.counts, times])[order]
        self._coarsen(0)
        while len(self.bins) > 1 << _BITS:
            self._coarsen(1)

    def _coarsen(self, bits: int) -> None:
        self.shift += bits
        bins = self.bins >> np.uint64(bits)
        first = np.flatnonzero(np.diff(bins, prepend=~bins[:1]))
        self.bins, self.counts = bins[first], np.add.reduceat(self.counts, first)

    def find(self, rank: int) -> tuple[int, int]:
        """The bin of the key with that rank (from 0), and its rank among the bin's own keys."""
        ends = np.cumsum(self.counts)
        at = int(np.searchsorted(ends, rank, side="right"))
        return int(self.bins[at]), rank - int(ends[at] - self.counts[at])


@dataclass(frozen=True)
class _Sought:
    """The key of a rank among those whose leading bits, above `shift`, are `prefix`."""

    rank: int
    prefix: int
    shift: int

    def narrowed(self, found: _Histogram) -> _Sought:
        prefix, rank = found.find(self.rank)
        return _Sought(rank, prefix, found.shift)


def quantiles(keys: Callable[[], Iterable[Keys]], shares: Sequence[float]) -> list[int]:
    """For each share the key of rank ceil((n - 1) share) among all n, exactly.

    `keys` gives all keys anew, piece by piece. One pass where at most 2^20 are distinct; each
    further pass settles at least 20 of the 64 bits, so that there are four at most.
    """
    whole = _Histogram()
    for piece in keys():
        whole.add(piece)
    whole.settle()
    last = int(whole.counts.sum()) - 1
    sought = [_Sought(math.ceil(last * share), 0, 64).narrowed(whole) for share in shares]
    while any(one.shift for one in sought):
        places = {(one.prefix, one.shift) for one in sought if one.shift}
        found = _each(keys(), places)
        sought = [
            one.narrowed(found[one.prefix, one.shift]) if one.shift else one for one in sought
        ]
    return [one.prefix for one in sought]


def _each(
    pieces: Iterable[Keys], places: set[tuple[int, int]]
) -> dict[tuple[int, int], _Histogram]:
    """A histogram of the keys below each (prefix, shift), from one pass."""
    found = {place: _Histogram() for place in places}
    for piece in pieces:
        for (prefix, shift), histogram in found.items():
            histogram.add(piece[piece >> np.uint64(shift) == np.uint64(prefix)])
    for histogram in found.values():
        histogram.settle()
    return found
