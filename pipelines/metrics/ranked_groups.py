"""RankedGroups: rows sorted by group, then by score from high to low, with their ties."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class RankedGroups:
    """Ranked rows, grouped; a tie is a run of rows of one group with one score.

    `keys`: (groups,) ids; `order`: (rows,) the rows in ranked order; `labels`, `scores`,
    `weights`: float64 (rows,) in that order;
    `starts`: (groups,) first row of each group; `ties`: (ties,) first row of each tie.
    """

    keys: NDArray[Any]
    order: Ints
    labels: Floats
    scores: Floats
    weights: Floats | None
    starts: Ints
    ties: Ints

    @cached_property
    def sizes(self) -> Ints:
        """(groups,) rows in each group."""
        return np.diff(self.starts, append=self.labels.size)

    @cached_property
    def rank(self) -> Ints:
        """(rows,) how many rows of the same group stand above, in ranked order."""
        return np.arange(self.labels.size) - np.repeat(self.starts, self.sizes)

    @cached_property
    def tie_sizes(self) -> Ints:
        """(ties,) rows in each tie."""
        return np.diff(self.ties, append=self.labels.size)

    @cached_property
    def first_ties(self) -> Ints:
        """(groups,) first tie of each group."""
        return np.searchsorted(self.ties, self.starts)

    @cached_property
    def best_labels(self) -> Floats:
        """(rows,) labels of each group from high to low: the ideal ranking."""
        group = np.repeat(np.arange(self.starts.size), self.sizes)
        best: Floats = self.labels[np.lexsort((-self.labels, group))]
        return best

    @property
    def rows_above(self) -> Ints:
        """(ties,) rows of the same group in the ties above."""
        return self.rank[self.ties]

    @property
    def place_in_tie(self) -> Ints:
        """(rows,) how many rows of the same tie stand before."""
        return self.rank - np.repeat(self.rows_above, self.tie_sizes)

    def tie_sums(self, rows: Floats) -> Floats:
        """Sum (rows,) to (ties,)."""
        return np.add.reduceat(rows, self.ties)

    def group_sums(self, rows: Floats) -> Floats:
        """Sum (rows,) to (groups,)."""
        return np.add.reduceat(rows, self.starts)

    def group_sums_of_ties(self, ties: Floats) -> Floats:
        """Sum (ties,) to (groups,)."""
        return np.add.reduceat(ties, self.first_ties)

    def sums_above(self, ties: Floats) -> Floats:
        """(ties,) sums over the ties above in the same group, exact for whole numbers."""
        steps = np.concatenate(([0.0], ties[:-1]))
        # Each group takes back the total of the one before, so the running sum stays small.
        steps[self.first_ties[1:]] -= self.group_sums_of_ties(ties)[:-1]
        return np.cumsum(steps)

    def spread(self, ties: NDArray[Any]) -> NDArray[Any]:
        """Repeat (ties,) to (rows,)."""
        return np.repeat(ties, self.tie_sizes)
