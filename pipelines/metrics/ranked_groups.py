"""RankedGroups: rows sorted by group, then by score from high to low, with their ties."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
MOST_GRADES = 32


@dataclass(frozen=True, eq=False)
class RankedGroups:
    """Ranked rows, grouped; a tie is a run of rows of one group with one score.

    A row of score -inf was not shown: it belongs to its group, below the rows that were.

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
    def group_mass(self) -> Floats:
        """(groups,) weight of each group's rows."""
        if self.weights is None:
            return self.sizes.astype(np.float64)
        return self.group_sums(self.weights)

    def of_weight(self, rows: Floats) -> Floats:
        """(rows,) times the rows' weights."""
        return rows if self.weights is None else rows * self.weights

    @cached_property
    def rank(self) -> Ints:
        """(rows,) how many rows of the same group stand above, in ranked order."""
        return np.arange(self.labels.size) - np.repeat(self.starts, self.sizes)

    @cached_property
    def tie_sizes(self) -> Ints:
        """(ties,) rows in each tie."""
        return np.diff(self.ties, append=self.labels.size)

    @property
    def tied(self) -> int:
        """How many rows that were shown share their score with another of their group."""
        return int(self.tie_sizes[self.shown & (self.tie_sizes > 1)].sum())

    @cached_property
    def first_ties(self) -> Ints:
        """(groups,) first tie of each group."""
        return np.searchsorted(self.ties, self.starts)

    @cached_property
    def best_labels(self) -> Floats:
        """(rows,) labels of each group from high to low: the ideal ranking."""
        group = np.repeat(np.arange(self.starts.size), self.sizes)
        grades = self.labels.astype(np.int8) if self.labels.max() < MOST_GRADES else None
        if grades is not None and np.array_equal(grades, self.labels) and grades.min() >= 0:
            # A few whole grades are counted, which spares the sorting.
            levels = int(grades.max()) + 1
            counts = np.bincount(group * levels + (levels - 1 - grades), minlength=levels)
            counts = np.pad(counts, (0, levels * self.starts.size - counts.size))
            return np.repeat(np.tile(np.arange(levels - 1.0, -1, -1), self.starts.size), counts)
        best: Floats = self.labels[np.lexsort((-self.labels, group))]
        return best

    @cached_property
    def shown(self) -> NDArray[np.bool_]:
        """(ties,) whether the rows were shown."""
        return self.scores[self.ties] > -np.inf

    @property
    def shown_sizes(self) -> Ints:
        """(groups,) rows of each group that were shown."""
        found: Ints = np.add.reduceat(self.tie_sizes * self.shown, self.first_ties)
        return found

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
