"""RMSProp."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from models.compiled import compiled, fetch_ahead, singles
from models.optimizers.optimizer import Floats, Ints, SparseOptimizer


class RMSProp(SparseOptimizer):
    """v = rho v + (1 - rho) g^2;  w -= lr g / (sqrt(v) + epsilon)

    Tieleman & Hinton (2012), lecture 6.5. Lazy: v decays only where a row is touched, so it
    averages the last gradients of a row, however long ago they were. v starts at
    `initial_accumulator`; from 0 the first step of a row is lr / sqrt(1 - rho).
    """

    type: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = Field(default=1e-3, gt=0)
    rho: float = Field(default=0.9, ge=0, lt=1)
    initial_accumulator: float = Field(default=0.0, ge=0)
    epsilon: float = Field(default=1e-8, gt=0)

    @property
    def slots(self) -> int:
        return 1

    def start(self, weights: Floats) -> Floats:
        return np.full(weights.shape, self.initial_accumulator, np.float32)

    def update(self, table: Floats, rows: Ints, gradient: Floats, rate: float) -> None:
        step = self.learning_rate * rate
        options = singles(step, self.rho, 1 - self.rho, self.epsilon)
        _update(table, rows, gradient, *options)


@compiled
def _update(
    table: Any, rows: Any, gradient: Any, rate: Any, kept: Any, new: Any, epsilon: Any
) -> None:
    dim = gradient.shape[1]
    for i in range(len(rows)):
        fetch_ahead(table, rows, i, 2 * dim)
        w = table[rows[i], :dim]
        v = table[rows[i], dim : 2 * dim]
        g = gradient[i]
        for j in range(dim):
            v[j] = kept * v[j] + new * g[j] * g[j]
        for j in range(dim):
            w[j] -= rate * g[j] / (np.sqrt(v[j]) + epsilon)
