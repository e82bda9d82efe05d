"""Which rows of a dataset are of one query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import DataError

Columns = Callable[[], Iterable[pl.Series]]


class Queries:
    """The queries of a dataset, numbered in the order of its rows.

    `sizes` int32 (queries,): the rows of each, which stand together.
    """

    def __init__(self, sizes: npt.NDArray[np.int32]) -> None:
        self.sizes = sizes
        self._ends = np.cumsum(sizes, dtype=np.int64)

    @classmethod
    def of(cls, columns: Columns) -> Queries:
        """Those of a column of ids, given piece by piece each time it is asked for.

        Takes some 30 bytes a query while it looks, 12 afterwards.

        Raises:
            DataError: rows of a query are apart.
        """
        sizes: list[npt.NDArray[np.int32]] = []
        hashes: list[npt.NDArray[np.uint64]] = []
        for ids, lengths, goes_on in _runs(columns()):
            if goes_on:
                sizes[-1][-1] += lengths[0]
            if len(ids) > goes_on:
                sizes.append(lengths[int(goes_on) :])
                hashes.append(ids.slice(int(goes_on)).hash().to_numpy())
        if not sizes:
            return cls(np.empty(0, np.int32))
        found = np.concatenate(hashes)
        hashes.clear()
        found.sort()
        _refuse_apart(columns, pl.Series(found[1:][found[1:] == found[:-1]]))
        return cls(np.concatenate(sizes))

    def numbers(self, start: int, rows: int) -> npt.NDArray[np.int32]:
        """The query of each of these rows: int32 (rows,)."""
        first, last = np.searchsorted(self._ends, [start, start + rows - 1], side="right")
        inner = np.clip(self._ends[first : last + 1], start, start + rows)
        return np.repeat(np.arange(first, last + 1, dtype=np.int32), np.diff(inner, prepend=start))


def _runs(
    columns: Iterable[pl.Series],
) -> Iterator[tuple[pl.Series, npt.NDArray[np.int32], bool]]:
    """Of each piece: the ids of its runs, their lengths, and whether the first began before."""
    last: Any = None
    for column in columns:
        if not len(column):
            continue
        runs = column.rle().struct.unnest()
        ids = runs["value"]
        yield ids, runs["len"].cast(pl.Int32).to_numpy(writable=True), ids[0] == last
        last = ids[-1]


def _refuse_apart(columns: Columns, suspects: pl.Series) -> None:
    """Raise DataError if an id begins two runs. `suspects`: hashes that do, of one id or of two."""
    if not len(suspects):
        return
    seen: set[Any] = set()
    for ids, _, goes_on in _runs(columns()):
        begun = ids.slice(int(goes_on))
        for one in begun.filter(begun.hash().is_in(suspects.implode())):
            if one in seen:
                raise DataError(
                    "To be learned from together, the rows of a query must stand together; those "
                    f"of query {one!r} are apart. Sort the log by query, or choose a loss that "
                    "takes rows one by one."
                )
            seen.add(one)
