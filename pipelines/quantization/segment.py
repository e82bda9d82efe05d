"""Segments: rows of one vocabulary that are looked up about as often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

# Vocabularies stand most frequent first, so that a few cuts divide hot rows from cold.
_SHARES = (0.5, 0.8, 0.95, 0.995)
_LEAST = 16  # rows of a segment that is worth a width of its own
_UNSEEN = 0.5  # uses of a row that the examples have not used


@dataclass(frozen=True, eq=False)
class Segment:
    """Rows start to stop of a table. weight: float64 (rows,), what a squared error of a row, summed
    over its weights, adds to the mean loss."""

    table: str
    vocabulary: str
    start: int
    stop: int
    weight: npt.NDArray[np.float64]

    @property
    def rows(self) -> int:
        return self.stop - self.start


def segments(
    table: str,
    starts: Mapping[str, int],
    uses: npt.NDArray[np.int64],
    total: npt.NDArray[np.float64],
    examples: int,
) -> Iterator[Segment]:
    """Those of a table, in order.

    Args:
        starts: first row by vocabulary, in order.
        uses, total: as `models.curvature` gives them, over `examples`.

    A row's weight is its uses times the mean curvature of the segment's uses: what a single rare
    row shows is noise.
    """
    ends = [*starts.values(), len(uses)]
    for vocabulary, (start, stop) in zip(starts, pairwise(ends), strict=True):
        for first, last in pairwise(_cuts(uses[start:stop])):
            part = slice(start + first, start + last)
            seen = uses[part].sum()
            whole = uses[start:stop].sum()
            curvature = _mean(total[part].sum(), seen) or _mean(total[start:stop].sum(), whole)
            often = np.maximum(uses[part], _UNSEEN)
            weight = often * curvature / (2 * max(examples, 1))
            yield Segment(table, vocabulary, part.start, part.stop, weight)


def _mean(total: float, uses: int) -> float:
    return float(total / uses) if uses else 0.0


def _cuts(uses: npt.NDArray[np.int64]) -> list[int]:
    """Row numbers, 0 and the end among them, where segments begin and end."""
    mass = np.cumsum(uses)
    found = [0]
    for share in _SHARES:
        cut = int(np.searchsorted(mass, share * mass[-1])) + 1 if mass[-1] else 0
        if cut - found[-1] >= _LEAST and len(uses) - cut >= _LEAST:
            found.append(cut)
    return [*found, len(uses)]
