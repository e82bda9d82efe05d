"""Terms: what the rows, or the groups of rows, add to a measure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Terms:
    """Weighted terms of each unit.

    `values`: float64 (units, terms), finite; `keys`: (units,) ids of the groups that the units
    are, or None where a unit is a row of the predictions.
    """

    values: NDArray[np.float64]
    keys: NDArray[Any] | None = None

    @property
    def sums(self) -> NDArray[np.float64]:
        """(terms,) over all units."""
        found: NDArray[np.float64] = self.values.sum(axis=0)
        return found
