"""A table without the rows that are all alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from serving.tables.stored import Floats, StoredTable

Words = npt.NDArray[np.uint64]
_BITS = 64


class PrunedTable(StoredTable):
    """The rows that are kept, found by a bit each; every other row is zeros.

    kept: uint64 (ceil(rows / 64),), row r kept where bit r % 64 of word r // 64 is set.
    table: of the rows kept, in their order.
    """

    def __init__(self, kept: Words, table: StoredTable, rows: int) -> None:
        self._kept, self._table = kept, table
        self.rows, self.dim = rows, table.dim
        counts = np.bitwise_count(kept).astype(np.int32)
        self._before = np.cumsum(counts, dtype=np.int32) - counts  # rows kept before each word

    def gather(self, rows: npt.NDArray[np.int32]) -> Floats:
        word, bit = np.divmod(rows, _BITS)
        found, at = self._kept[word], bit.astype(np.uint64)
        below = found & ((np.uint64(1) << at) - np.uint64(1))
        place = self._before[word] + np.bitwise_count(below)
        is_kept = ((found >> at) & np.uint64(1)).astype(np.bool_)
        values = np.zeros((*rows.shape, self.dim), np.float32)
        values[is_kept] = self._table.gather(place[is_kept])
        return values


def word_count(rows: int) -> int:
    """How many words hold a bit a row."""
    return -(-rows // _BITS)


def words(kept: npt.NDArray[np.bool_]) -> Words:
    """The bits uint64 (ceil(rows / 64),) of a mask bool (rows,)."""
    whole = np.pad(kept, (0, -len(kept) % _BITS))
    return np.packbits(whole, bitorder="little").view("<u8").astype(np.uint64, copy=False)
