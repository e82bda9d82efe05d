"""AdaGrad with sparse group lasso."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from models.compiled import compiled, fetch_ahead, singles
from models.optimizers.optimizer import Floats, Ints, SparseOptimizer


class GroupAdaGrad(SparseOptimizer):
    """FTRL-Proximal that also drops whole rows: Group AdaGrad of Yue et al. (ECML 2021).

        s = (sqrt(n + g^2) - sqrt(n)) / lr;  z += g - s w;  n += g^2
        u = sign(z) max(|z| - l1, 0)
        w = -max(1 - l21 sqrt(dim) / ||u||, 0) u / ((beta + sqrt(n)) / lr + l2)

    Their Algorithm 1 (https://arxiv.org/abs/2107.14432) with AdaGrad's V, a row a group, as
    their code computes it; `l2` is McMahan's (twice theirs). Without `l21` it is `Ftrl`. As
    there, n starts at 0, z carries the initial weight, and `rate` is ignored.
    """

    type: Literal["group_adagrad"] = "group_adagrad"
    learning_rate: float = Field(default=0.05, gt=0)
    beta: float = Field(default=1e-3, gt=0)
    l1: float = Field(default=0.0, ge=0)
    l21: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)

    @property
    def slots(self) -> int:
        return 2

    def continues(self, earlier: SparseOptimizer) -> bool:
        return self == earlier  # what weights a z stands for depends on every rate

    def start(self, weights: Floats) -> Floats:
        u = -weights * (self.beta / self.learning_rate + self.l2)
        norm = np.linalg.norm(u, axis=1, keepdims=True)
        u += np.divide(u, norm, np.zeros_like(u), where=norm > 0) * self._threshold(weights)
        return np.concatenate([u + np.sign(u) * self.l1, np.zeros_like(weights)], axis=1)

    def update(
        self,
        table: Floats,
        rows: Ints,
        gradient: Floats,
        rate: float,  # noqa: ARG002
    ) -> None:
        bounds = self.l1, self._threshold(gradient), self.l2
        options = singles(self.learning_rate, self.beta, *bounds)
        _update(table, rows, gradient, *options)

    def _threshold(self, weights: Floats) -> float:
        return self.l21 * math.sqrt(weights.shape[1])

    def touched(self, state: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which rows of a state `(rows, 2 * dim)` ever had a gradient, bool (rows,)."""
        return np.count_nonzero(state[:, state.shape[1] // 2 :], axis=1) > 0


@compiled
def _update(
    table: Any, rows: Any, gradient: Any, rate: Any, beta: Any, l1: Any, threshold: Any, l2: Any
) -> None:
    dim, zero = gradient.shape[1], np.float32(0)
    for i in range(len(rows)):
        fetch_ahead(table, rows, i, 3 * dim)
        w = table[rows[i], :dim]
        z = table[rows[i], dim : 2 * dim]
        n = table[rows[i], 2 * dim : 3 * dim]
        g = gradient[i]
        square = zero
        for j in range(dim):
            total = n[j] + g[j] * g[j]
            z[j] += g[j] - (np.sqrt(total) - np.sqrt(n[j])) / rate * w[j]
            n[j] = total
            shrunk = max(abs(z[j]) - l1, zero)
            w[j] = -shrunk if z[j] > zero else shrunk
            square += shrunk * shrunk
        norm = np.sqrt(square)
        kept = (norm - threshold) / norm if norm > threshold else zero
        for j in range(dim):
            w[j] = kept * w[j] / ((beta + np.sqrt(n[j])) / rate + l2)
