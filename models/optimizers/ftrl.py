"""FTRL-Proximal."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from models.compiled import compiled, fetch_ahead, singles
from models.optimizers.optimizer import Floats, Ints, SparseOptimizer


class Ftrl(SparseOptimizer):
    """FTRL-Proximal with L1 and L2 as in McMahan et al. (KDD 2013), Algorithm 1.

        s = (sqrt(n + g^2) - sqrt(n)) / lr;  z += g - s w;  n += g^2
        w = 0                                                   where |z| <= l1
        w = -(z - sign(z) l1) / ((beta + sqrt(n)) / lr + l2)    elsewhere

    n starts at 0 and z carries the initial weight, so that the first step moves from the
    initialiser instead of erasing it. The paper's beta of 1 is for gradients of one example; these
    are means over a batch, beside which it would hold the weights still. The step size is a
    schedule of its own, on which the meaning of z rests: `rate` is ignored.
    """

    type: Literal["ftrl"] = "ftrl"
    learning_rate: float = Field(default=0.05, gt=0)
    beta: float = Field(default=1e-3, gt=0)
    l1: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)

    @property
    def slots(self) -> int:
        return 2

    def continues(self, earlier: SparseOptimizer) -> bool:
        return self == earlier  # what weights a z stands for depends on every rate

    def start(self, weights: Floats) -> Floats:
        scale = self.beta / self.learning_rate + self.l2
        z = -weights * scale - np.sign(weights) * self.l1
        return np.concatenate([z, np.zeros_like(weights)], axis=1)

    def update(
        self,
        table: Floats,
        rows: Ints,
        gradient: Floats,
        rate: float,  # noqa: ARG002
    ) -> None:
        options = singles(self.learning_rate, self.beta, self.l1, self.l2)
        _update(table, rows, gradient, *options)

    def touched(self, state: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which rows of a state `(rows, 2 * dim)` ever had a gradient, bool (rows,)."""
        return np.count_nonzero(state[:, state.shape[1] // 2 :], axis=1) > 0


@compiled
def _update(table: Any, rows: Any, gradient: Any, rate: Any, beta: Any, l1: Any, l2: Any) -> None:
    dim, zero = gradient.shape[1], np.float32(0)
    for i in range(len(rows)):
        fetch_ahead(table, rows, i, 3 * dim)
        w = table[rows[i], :dim]
        z = table[rows[i], dim : 2 * dim]
        n = table[rows[i], 2 * dim : 3 * dim]
        g = gradient[i]
        for j in range(dim):
            total = n[j] + g[j] * g[j]
            z[j] += g[j] - (np.sqrt(total) - np.sqrt(n[j])) / rate * w[j]
            n[j] = total
            shrunk = max(abs(z[j]) - l1, zero) / ((beta + np.sqrt(total)) / rate + l2)
            w[j] = -shrunk if z[j] > zero else shrunk
