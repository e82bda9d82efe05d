"""The distinct rows among those that a batch uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.compiled import compiled, fetch_ahead
from models.memory import Floats, fresh

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Touched:
    """rows: int32 (distinct,), in the order of their first use. where: int32 (uses,) into them."""

    rows: Ints
    where: Ints

    @property
    def uses(self) -> npt.NDArray[np.intp]:
        """How often each of the rows is used, (distinct,)."""
        return np.bincount(self.where, minlength=len(self.rows))

    def sum(self, values: Floats) -> Floats:
        """Of each row over its uses, in their order: (uses, dim) to (distinct, dim)."""
        total = fresh(len(self.rows), values.shape[1])
        _sum(values, self.where, total)
        return total


class Distinct:
    """Finds them, for a table of so many rows: one mark a row is kept between batches."""

    def __init__(self, rows: int) -> None:
        self._marks = np.full((rows, 1), -1, np.int32)

    def __call__(self, ids: Ints) -> Touched:
        """Of the rows that are used, int32 (uses,); not for two threads at once."""
        return Touched(*_distinct(ids, self._marks))


def every(rows: int, ids: Ints) -> Touched:
    """As if a batch touched all `rows` of a table, used or not."""
    return Touched(np.arange(rows, dtype=np.int32), ids)


@compiled
def _distinct(ids: Any, marks: Any) -> Any:
    rows, where = np.empty(len(ids) + 1, np.int32), np.empty(len(ids), np.int32)
    found: Any = 0
    for i in range(len(ids)):
        fetch_ahead(marks, ids, i, 1)
        mark = marks[ids[i], 0]
        # Without a branch, which a processor could not foresee.
        new = mark < 0
        mark = np.int32(found) if new else mark
        marks[ids[i], 0] = where[i] = mark
        rows[found] = ids[i]
        found += np.int64(new)
    for i in range(found):
        marks[rows[i], 0] = -1
    return rows[:found], where


@compiled
def _sum(values: Any, where: Any, total: Any) -> None:
    total[:] = 0
    for i in range(len(where)):
        row = total[where[i]]
        value = values[i]
        for j in range(len(value)):
            row[j] += value[j]
