"""A list while it is filled from its top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from serving.rerank.diversity import MarginalRelevance
from serving.rerank.limit import Limit

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


class Page:
    """Which rows may stand next, and what each is worth there.

    scores: float64 (rows,), descending. depth: positions to fill. limits: one that would leave
    no row of those before it gives way. pinned: rows by position.
    """

    def __init__(
        self,
        scores: Floats,
        depth: int,
        limits: Sequence[Limit] = (),
        pinned: Mapping[int, int] | None = None,
        marginal: MarginalRelevance | None = None,
    ) -> None:
        self.scores, self.depth = scores, min(depth, len(scores))
        self.limits, self.pinned = tuple(limits), dict(pinned or {})
        self._marginal = marginal
        self._position = 0
        self._free = np.ones(len(scores), bool)
        self._free[list(self.pinned.values())] = False
        for limit in self.limits:
            limit.start(self.pinned)

    @property
    def plain(self) -> bool:
        """Whether nothing but the scores decides."""
        return not (self.limits or self.pinned or self._marginal)

    @property
    def open(self) -> Rows:
        """The rows that may stand at the next position, best scores first; at least one."""
        if self._position in self.pinned:
            return np.array([self.pinned[self._position]])
        rows = np.flatnonzero(self._free)
        assert len(rows), "more positions than rows"
        for limit in self.limits:
            mask = limit.open(self._position)
            kept = rows if mask is None else rows[mask[rows]]
            if len(kept):
                rows = kept
        return rows

    @property
    def values(self) -> Floats:
        """What each row is worth at the next position: float64 (rows,)."""
        return self.scores if self._marginal is None else self._marginal.value

    def place(self, row: int) -> None:
        """Put a row at the next position."""
        if self._position not in self.pinned:
            for limit in self.limits:
                limit.place(row)
        if self._marginal is not None:
            self._marginal.place(row)
        self._free[row] = False
        self._position += 1
