"""Lists of documents as they were shown, read from the top rank by rank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import DataError

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Lists:
    """The rows of a list stand together, in the order shown.

    position: int32 (rows,), from 0 at the top. sizes: int64 (lists,).
    """

    position: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.int64]

    @classmethod
    def of(cls, sizes: Array, position: Array | None = None) -> Lists:
        """Lists without gaps, unless `position` says at which places their rows were shown.

        Raises:
            DataError: an empty list, sizes that do not add up to the rows, or positions that are
                not whole, negative, or do not rise within a list.
        """
        sizes = np.asarray(sizes)
        if len(sizes) == 0 or sizes.min() < 1:
            raise DataError(
                "Click models need lists of at least one row each; "
                + ("there are none." if len(sizes) == 0 else "one is empty. Leave it out.")
            )
        rank = _ranks(sizes)
        position = rank if position is None else np.asarray(position)
        if len(position) != len(rank):
            raise DataError(
                f"The sizes of the lists must add up to the rows; they add up to {len(rank)} and "
                f"there are {len(position)} positions."
            )
        falling = (np.diff(position, prepend=-1) <= 0) & (rank > 0)
        odd = falling | (position < 0) | (position != np.rint(position))
        if odd.any():
            row = int(odd.argmax())
            raise DataError(
                "Positions must be whole numbers from 0 that rise within a list; row "
                f"{row} is at {position[row]}, after {position[row - 1] if row else 'none'}. "
                "Sort the rows of each list by position, and count from 0."
            )
        return cls(position.astype(np.int32), sizes.astype(np.int64))

    @property
    def depth(self) -> int:
        """One more than the largest position."""
        return int(self.position.max()) + 1

    @cached_property
    def rank(self) -> npt.NDArray[np.int64]:
        """Place of each row within its list, without gaps, int64 (rows,)."""
        return _ranks(self.sizes)

    @cached_property
    def columns(self) -> tuple[npt.NDArray[np.int64], ...]:
        """The rows of rank 0 of every list, then those of rank 1 of the lists that go on, ...

        Longer lists stand first, so what is known of a column's lists by place, cut to the length
        of the next column, is of that one's lists.
        """
        order = np.argsort(-self.sizes, kind="stable")
        start = (np.cumsum(self.sizes) - self.sizes)[order]
        reach = np.searchsorted(-self.sizes[order], -np.arange(int(self.sizes.max())), "left")
        return tuple(start[:count] + rank for rank, count in enumerate(reach))


def _ranks(sizes: Array) -> npt.NDArray[np.int64]:
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.asarray(np.arange(len(starts)) - starts, dtype=np.int64)
