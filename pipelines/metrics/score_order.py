"""ScoreOrder: the distinct scores from high to low, with the rows of each added up."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipelines.metrics.ranked_groups import Floats


@dataclass(frozen=True)
class Totals:
    """Sums over all rows: their number, the weight of those labelled 1 and of those labelled 0."""

    rows: int
    positives: float
    negatives: float

    @property
    def mass(self) -> float:
        """The weight of all rows."""
        return self.positives + self.negatives

    @property
    def mixed(self) -> bool:
        """Whether both classes have a weight."""
        return self.positives > 0 and self.negatives > 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.rows + other.rows,
            self.positives + other.positives,
            self.negatives + other.negatives,
        )

    def of_one_class(self, who: str) -> str:
        """Why a measure of both classes is not defined for these."""
        return (
            f"{who} needs rows of both classes; all {self.rows} labels of positive weight are "
            f"{float(self.positives > 0):g}; evaluate on more rows"
        )

    def without_positives(self, who: str) -> str:
        """Why a measure of positives is not defined for these."""
        return (
            f"{who} needs a label of 1 with positive weight; got none in {self.rows} rows; "
            "evaluate on more rows"
        )


@dataclass(frozen=True, eq=False)
class ScoreOrder:
    """A stretch of the distinct scores from high to low, or all of them.

    `scores`, `positives`, `negatives`: float64 (scores,), the score, and the weight of its rows
    labelled 1 and of those labelled 0; `total`: of the whole order; `positives_before`,
    `negatives_before`: of the scores above the stretch.
    """

    scores: Floats
    positives: Floats
    negatives: Floats
    total: Totals
    positives_before: float = 0.0
    negatives_before: float = 0.0

    @cached_property
    def mass(self) -> Floats:
        """(scores,) weight of all rows of the score."""
        return self.positives + self.negatives

    @cached_property
    def positives_down(self) -> Floats:
        """(scores,) positives of this score and of all above it."""
        return _running(self.positives_before, self.positives)

    @cached_property
    def negatives_down(self) -> Floats:
        """(scores,) negatives of this score and of all above it."""
        return _running(self.negatives_before, self.negatives)

    @cached_property
    def mass_down(self) -> Floats:
        """(scores,) mass of this score and of all above it."""
        return self.positives_down + self.negatives_down


def _running(before: float, sums: Floats) -> Floats:
    """Running sums (scores,) from what stands before, the same at any division into stretches."""
    started = sums.copy()
    started[:1] += before
    return np.cumsum(started)
