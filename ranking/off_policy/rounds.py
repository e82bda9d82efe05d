"""Rounds: rows shown together, and the checks of arrays over them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.errors import DataError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rounds:
    """How many rows each round (or query) showed; its rows stand together, from the top.

    sizes: int64 (rounds,), each above 0.
    """

    sizes: Ints

    @classmethod
    def of(cls, rows: int, sizes: npt.ArrayLike | None = None) -> Rounds:
        """Without sizes each row is a round of its own, as in a slot bandit's log.

        Raises:
            DataError: no rows, a size below 1, or sizes that do not add up to the rows.
        """
        if rows == 0:
            raise DataError("A log must have at least one row; this one has none.")
        given = np.ones(rows, np.int64) if sizes is None else np.asarray(sizes, np.int64)
        if given.ndim != 1 or given.min(initial=1) < 1 or given.sum() != rows:
            raise DataError(
                f"The sizes must be 1 or more each and add up to the {rows} rows; got "
                f"{len(np.atleast_1d(given))} sizes that add up to {given.sum()}, the least "
                f"{given.min(initial=1)}. Give the rows of each round, in the order of the rows."
            )
        return cls(given)

    @cached_property
    def starts(self) -> Ints:
        """(rounds,) first row of each round."""
        starts: Ints = np.cumsum(self.sizes) - self.sizes
        return starts

    @cached_property
    def of_row(self) -> Ints:
        """(rows,) the round of each row."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def place(self) -> Ints:
        """(rows,) how many rows of the round stand above."""
        return np.arange(len(self.of_row)) - np.repeat(self.starts, self.sizes)

    def sums(self, rows: Floats) -> Floats:
        """Sum (rows,) to (rounds,)."""
        return np.add.reduceat(rows, self.starts)

    def by_place(self, rows: Floats, most: int) -> Floats:
        """Sum (rows,) to (rounds, places): each place apart, those beyond `most` in the last."""
        places = min(int(self.sizes.max()), most)
        cell = self.of_row * places + np.minimum(self.place, places - 1)
        count = len(self.sizes)
        laid: Floats = np.bincount(cell, rows, count * places).astype(np.float64, copy=False)
        return laid.reshape(count, places)

    def products_down(self, rows: Floats) -> tuple[Floats, Floats]:
        """(rows,) products from the top of the round down to each row, and to the row above it."""
        down, above = rows.copy(), np.ones(len(rows))
        starts, sizes = self.starts, self.sizes
        for place in range(1, int(sizes.max())):
            starts, sizes = starts[sizes > place], sizes[sizes > place]
            above[starts + place] = down[starts + place - 1]
            down[starts + place] *= above[starts + place]
        return down, above


def column(name: str, values: npt.ArrayLike, rows: int) -> Floats:
    """Values as float64 (rows,).

    Raises:
        DataError: another shape, or values that are not finite.
    """
    found = np.asarray(values, np.float64)
    if found.shape != (rows,):
        raise DataError(
            f"`{name}` must have one value for each of {rows} rows; its shape is {found.shape}. "
            "Give every array in the same order of rows."
        )
    bad = ~np.isfinite(found)
    if bad.any():
        raise DataError(
            f"`{name}` must be finite; {np.count_nonzero(bad)} of {rows} values are not, the "
            f"first in row {int(bad.argmax())}. Fill or remove those rows."
        )
    return found
