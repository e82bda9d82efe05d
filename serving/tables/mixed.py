"""A table whose ranges of rows are stored each in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from serving.tables.storage import Storage
from serving.tables.stored import Floats, StoredTable


class MixedTable(StoredTable):
    """Ranges of rows by the table that holds them; rows of none are zeros.

    starts: the first row of each range, from 0 up; a range ends where the next starts.
    holders: of each range its storage, or None.
    tables: by storage, each with the rows of its ranges one after the other.
    """

    def __init__(
        self,
        rows: int,
        dim: int,
        starts: Sequence[int],
        holders: Sequence[Storage | None],
        tables: Mapping[Storage, StoredTable],
    ) -> None:
        self.rows, self.dim = rows, dim
        self._starts = np.asarray(starts, np.int32)
        self._tables = list(tables.values())
        names = list(tables)
        sizes = np.diff(self._starts, append=np.int32(rows))
        filled = dict.fromkeys(names, 0)
        self._table = np.full(len(starts), -1, np.int8)
        self._shift = np.zeros(len(starts), np.int32)  # from a row to its place in its table
        for i, name in enumerate(holders):
            if name is not None:
                self._table[i] = names.index(name)
                self._shift[i] = filled[name] - self._starts[i]
                filled[name] += int(sizes[i])
        assert all(filled[name] == table.rows for name, table in tables.items())

    def gather(self, rows: npt.NDArray[np.int32]) -> Floats:
        ranges = np.searchsorted(self._starts, rows, side="right") - 1
        holder, place = self._table[ranges], rows + self._shift[ranges]
        values = np.zeros((*rows.shape, self.dim), np.float32)
        for i, table in enumerate(self._tables):
            held = holder == i
            values[held] = table.gather(place[held])
        return values
