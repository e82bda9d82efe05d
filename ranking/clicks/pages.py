"""Which documents stand where: what loggers show, shuffled or swapped in some of the sessions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Variant(IntEnum):
    """What was done to the logger's order before it was shown.

    shuffle: the documents of the page in random order. swap: the top one changes places with a
    random one below it (Joachims, Swaminathan & Schnabel, WSDM 2017, section 5).
    """

    plain = 0
    shuffle = 1
    swap = 2


@dataclass(frozen=True)
class Pages:
    """The documents that each logger shows for each query, and the shares of the variants.

    top: int64 (loggers, queries, depth) rows of documents, -1 beyond a short query. rank: int64
    (loggers, rows) the place of each document by each logger, shown or not.
    """

    top: Ints
    rank: Ints
    shuffle: float
    swap: float

    @classmethod
    def of(cls, scores: Floats, sizes: Ints, depth: int, shuffle: float, swap: float) -> Self:
        """scores: float64 (loggers, rows); higher stands first."""
        queries = np.repeat(np.arange(len(sizes)), sizes)
        starts = np.cumsum(sizes) - sizes
        within = np.arange(len(queries)) - starts[queries]
        top = np.full((len(scores), len(sizes), depth), -1, dtype=np.int64)
        rank = np.empty(scores.shape, dtype=np.int64)
        shown = within < depth
        for one, score in enumerate(scores):
            order = np.lexsort((-score, queries))
            rank[one, order] = within
            top[one, queries[shown], within[shown]] = order[shown]
        return cls(top, rank, shuffle, swap)

    def draw(self, query: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
        """Rows (sessions, depth), -1 beyond the end; logger and variant (sessions,), at random."""
        logger = rng.integers(len(self.top), size=len(query))
        chance = rng.random(len(query))
        shuffled, swapped = chance < self.shuffle, chance >= 1 - self.swap
        variant = np.where(shuffled, Variant.shuffle, np.where(swapped, Variant.swap, 0))
        page = self.top[logger, query]
        luck = np.where(page < 0, np.inf, rng.random(page.shape))
        mixed = np.take_along_axis(page, np.argsort(luck, axis=1), axis=1)
        page = np.where(shuffled[:, None], mixed, page)
        below = (page[:, 1:] >= 0).sum(axis=1)
        partner = 1 + (rng.random(len(query)) * below).astype(np.int64)
        one = np.flatnonzero(swapped & (below > 0))
        page[one, 0], page[one, partner[one]] = page[one, partner[one]], page[one, 0].copy()
        return page, logger, variant.astype(np.int64)

    def propensity(self, row: Ints, position: Array, size: Ints) -> Floats:
        """P(this document at this position | its query) over loggers and variants, (rows,).

        size: documents on each row's page.
        """
        plain = 1 - self.shuffle - self.swap
        total = np.zeros(len(row))
        below = np.maximum(size - 1, 1)
        for rank in self.rank[:, row]:
            stays, shown = rank == position, rank < size
            moved = np.where(rank == 0, position > 0, position == 0) / below
            swapped = np.where((rank > 0) & stays, (size - 2) / below, moved)
            swapped = np.where(size > 1, swapped, stays)
            total += plain * stays + shown * (self.shuffle / size + self.swap * swapped)
        return np.asarray(total / len(self.rank))
