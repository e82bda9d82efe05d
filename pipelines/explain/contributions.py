"""Contributions: what each feature adds to a score, beyond what is known without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contributions:
    """score = baseline + sum of values, row by row, but for `gap`, what the method left over.

    values: float64 (rows, names). baseline, score: float64 (rows,). half: half the interval of
    each value, float64 (rows, names), where they were sampled; else None.
    """

    method: str
    names: tuple[str, ...]
    values: Floats
    baseline: Floats
    score: Floats
    half: Floats | None = None

    @property
    def gap(self) -> float:
        """The largest difference between a score and what its contributions add up to."""
        return float(np.abs(self.score - self.baseline - self.values.sum(1)).max())

    @property
    def sizes(self) -> dict[str, float]:
        """By name, the mean of |contribution| over rows, the largest first."""
        means = np.abs(self.values).mean(0)
        return {self.names[i]: float(means[i]) for i in np.argsort(-means, kind="stable")}

    def row(self, row: int) -> dict[str, float]:
        """By name, the contributions of a row, the largest in size first."""
        values = self.values[row]
        return {self.names[i]: float(values[i]) for i in np.argsort(-np.abs(values), kind="stable")}


def summed(values: Floats, owners: Sequence[int], names: int) -> Floats:
    """Columns (rows, columns) added up by their owners' numbers: float64 (rows, names)."""
    total = np.zeros((names, len(values)))
    np.add.at(total, np.asarray(owners, np.intp), values.T)
    return total.T
