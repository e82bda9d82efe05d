"""Group lasso by proximal steps."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from models.compiled import compiled, fetch_ahead, singles
from models.optimizers.optimizer import Floats, Ints, SparseOptimizer


class GroupFtrl(SparseOptimizer):
    """Drops whole rows: the group-sparse step of Ni et al. (CIKM 2019), a row a group.

        n += max_i g_i^2;  lr' = lr / (beta + sqrt(n));  z = g - w / lr'
        w = 0                                        where ||z|| <= l21
        w = -lr' (||z|| - l21) / ||z|| z             elsewhere

    https://doi.org/10.1145/3357384.3358114. `l1` and `l2` join as in the sparse group lasso, of
    which this is the exact proximal step: z is first moved towards zero by l1, and the result
    divided by 1 + lr' l2. A row at zero comes back when its gradient is longer than l21.
    """

    type: Literal["group_ftrl"] = "group_ftrl"
    learning_rate: float = Field(default=0.05, gt=0)
    beta: float = Field(default=1e-3, gt=0)
    l1: float = Field(default=0.0, ge=0)
    l21: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)

    @property
    def slots(self) -> int:
        return 0

    @property
    def row_slots(self) -> int:
        return 1

    def start(self, weights: Floats) -> Floats:
        return np.zeros_like(weights[:, :1])

    def update(self, table: Floats, rows: Ints, gradient: Floats, rate: float) -> None:
        options = singles(self.learning_rate * rate, self.beta, self.l1, self.l21, self.l2)
        _update(table, rows, gradient, *options)

    def touched(self, state: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which rows of a state `(rows, 1)` ever had a gradient, bool (rows,)."""
        return state[:, 0] > 0


@compiled
def _update(
    table: Any, rows: Any, gradient: Any, rate: Any, beta: Any, l1: Any, l21: Any, l2: Any
) -> None:
    dim, zero, one = gradient.shape[1], np.float32(0), np.float32(1)
    for i in range(len(rows)):
        fetch_ahead(table, rows, i, dim + 1)
        row = table[rows[i]]
        g = gradient[i]
        largest = zero
        for j in range(dim):
            largest = max(largest, g[j] * g[j])
        row[dim] += largest
        step = rate / (beta + np.sqrt(row[dim]))
        square = zero
        for j in range(dim):
            moved = row[j] - step * g[j]  # -step z, which needs no division by the step
            shrunk = max(abs(moved) - step * l1, zero)
            row[j] = shrunk if moved > zero else -shrunk
            square += shrunk * shrunk
        norm, threshold = np.sqrt(square), step * l21
        kept = (norm - threshold) / norm if norm > threshold else zero
        for j in range(dim):
            row[j] = kept * row[j] / (one + step * l2)
