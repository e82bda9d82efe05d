"""GroupValues: one measure of every group, before it is averaged."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class GroupValues:
    """A measure by group, in order of the groups' first rows.

    `keys`: (groups,) group ids; `values`: float64 (groups,), NaN where skipped;
    `weights`: float64 (groups,); `counted`: bool (groups,), false where the measure is not
    defined for the group.
    """

    keys: NDArray[Any]
    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    counted: NDArray[np.bool_]

    @property
    def skipped(self) -> int:
        """How many groups the mean leaves out."""
        return int(self.counted.size - np.count_nonzero(self.counted))

    @property
    def skipped_share(self) -> float:
        """The share of all weight, from 0 to 1, that the mean leaves out."""
        return float(self.weights[~self.counted].sum() / self.weights.sum())

    def mean(self) -> float:
        """sum_g W_g v_g / sum_g W_g over the counted groups, whose weight must be above 0."""
        kept = self.counted
        return float(np.average(self.values[kept], weights=self.weights[kept]))
