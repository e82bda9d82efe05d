"""Group lasso by proximal steps."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from models.keras import tf
from models.optimizers.optimizer import SparseOptimizer, Tensor


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

    def start(self, weights: Tensor) -> Tensor:
        return tf.zeros_like(weights[:, :1])

    def update(
        self, weights: Tensor, state: Tensor, gradient: Tensor, rate: Tensor
    ) -> tuple[Tensor, Tensor]:
        total = state + tf.reduce_max(gradient * gradient, 1, keepdims=True)
        step = self.learning_rate * rate / (self.beta + tf.sqrt(total))
        moved = weights - step * gradient  # -step z, which needs no division by the step
        moved = tf.sign(moved) * tf.maximum(tf.abs(moved) - step * self.l1, 0.0)
        norm = tf.norm(moved, axis=1, keepdims=True)
        kept = tf.math.divide_no_nan(tf.maximum(norm - step * self.l21, 0.0), norm)
        return kept * moved / (1.0 + step * self.l2), total

    def touched(self, state: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which rows of a state `(rows, 1)` ever had a gradient, bool (rows,)."""
        return state[:, 0] > 0
