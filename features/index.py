"""From the hash of a value to its row: open addressing in arrays that processes can map."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.hashing import MISSING_TEXT, Hashes

MISSING = 0
UNSEEN = 1
FIRST = 2  # the row of the first value

Rows = npt.NDArray[np.int32]
_FREE = np.uint64(0)


@dataclass(frozen=True)
class Index:
    """Rows by hash, in slots `start` to `stop` of arrays that several indices may share.

    A hash h stands in the first free slot from `start + (h >> shift)`; at least half of the
    slots are free, and the last one always is. A free slot has the row `UNSEEN`, so that what is
    not found is unseen without a further step. keys uint64, rows int32, both (slots,).
    """

    keys: Hashes
    rows: Rows
    start: int
    stop: int
    shift: int

    @classmethod
    def of(cls, hashes: Hashes) -> Index:
        """Row `FIRST + i` for `hashes[i]`, and `MISSING` for the hash of "".

        Of equal hashes the first has the row; by chance, 1e7 values hold two with probability
        3e-6. A hash of 0, which marks a free slot, stays unseen.
        """
        keys = np.concatenate([[MISSING_TEXT], hashes])
        rows = np.arange(FIRST - 1, len(keys) + FIRST - 1, dtype=np.int32)
        rows[0] = MISSING
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        first = np.concatenate([[True], keys[1:] != keys[:-1]]) & (keys != _FREE)
        keys, rows = keys[first], rows[first]
        bits = max(3, (2 * len(keys) - 1).bit_length())
        count = np.arange(len(keys))
        home = (keys >> np.uint64(64 - bits)).view(np.int64)
        slots = np.maximum.accumulate(home - count) + count
        size = max(1 << bits, int(slots[-1]) + 1) + 1
        held = cls(np.full(size, _FREE), np.full(size, UNSEEN, np.int32), 0, size, 64 - bits)
        held.keys[slots], held.rows[slots] = keys, rows
        return held

    def find(self, hashes: Hashes) -> Rows:
        """Rows int32 (n,) of hashes uint64 (n,)."""
        rows: Rows = Search([self])(hashes[None])[0]
        return rows

    @cached_property
    def digest(self) -> str:
        """sha256 of the slots."""
        digest = hashlib.sha256()
        for array in (self.keys, self.rows):
            digest.update(np.ascontiguousarray(array[self.start : self.stop]).data)
        return digest.hexdigest()


def pack(indices: Sequence[Index]) -> list[Index]:
    """The same indices over one pair of arrays, so that one search serves them all."""
    if not indices or all(one.keys is indices[0].keys for one in indices):
        return list(indices)
    parts = [slice(one.start, one.stop) for one in indices]
    keys = np.concatenate([one.keys[part] for one, part in zip(indices, parts, strict=True)])
    rows = np.concatenate([one.rows[part] for one, part in zip(indices, parts, strict=True)])
    packed, start = [], 0
    for one in indices:
        stop = start + one.stop - one.start
        packed.append(Index(keys, rows, start, stop, one.shift))
        start = stop
    return packed


class Search:
    """Finds the rows of several columns of hashes at once, each column in an index of its own.

    Args:
        indices: one a column, over the same arrays.
    """

    def __init__(self, indices: Sequence[Index]) -> None:
        self._keys, self._rows = indices[0].keys, indices[0].rows
        self._starts = np.array([[one.start] for one in indices], np.int64)
        self._shifts = np.array([[one.shift] for one in indices], np.uint64)

    def __call__(self, hashes: Hashes) -> Rows:
        """Hashes uint64 (columns, n) to rows int32 (columns, n)."""
        wanted = hashes.ravel()
        slots = ((hashes >> self._shifts).view(np.int64) + self._starts).ravel()
        found = self._keys.take(slots)
        missed = np.flatnonzero(found != wanted)
        missed = missed[found[missed] != _FREE]
        while len(missed):
            following = slots[missed] + 1
            slots[missed] = following
            found = self._keys.take(following)
            missed = missed[(found != wanted[missed]) & (found != _FREE)]
        return self._rows.take(slots).reshape(hashes.shape)
