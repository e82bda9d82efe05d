"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from models.compiled import compiled, fetch_ahead, singles
from models.optimizers.optimizer import Floats, Ints, SparseOptimizer


class SGD(SparseOptimizer):
    """v = momentum v - lr g;  w += v, or with `nesterov` w += momentum v - lr g

    Polyak's momentum and Nesterov's as in Sutskever et al. (ICML 2013,
    https://proceedings.mlr.press/v28/sutskever13.html). Lazy: a row that no example of the batch
    names neither moves nor loses momentum; the next gradient finds v as the last one left it.
    """

    type: Literal["sgd"] = "sgd"
    learning_rate: float = Field(default=0.1, gt=0)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    nesterov: bool = False

    @model_validator(mode="after")
    def _check(self) -> SGD:
        if self.nesterov and not self.momentum:
            raise ValueError("`nesterov` needs `momentum` above 0; give one, such as 0.9")
        return self

    @property
    def slots(self) -> int:
        return 1 if self.momentum else 0

    def start(self, weights: Floats) -> Floats:
        return np.zeros_like(weights if self.momentum else weights[:, :0])

    def update(self, table: Floats, rows: Ints, gradient: Floats, rate: float) -> None:
        step = self.learning_rate * rate
        if self.momentum:
            _roll(table, rows, gradient, *singles(step, self.momentum), self.nesterov)
        else:
            _descend(table, rows, gradient, *singles(step))


@compiled
def _descend(table: Any, rows: Any, gradient: Any, rate: Any) -> None:
    dim = gradient.shape[1]
    for i in range(len(rows)):
        fetch_ahead(table, rows, i, dim)
        w = table[rows[i]]
        g = gradient[i]
        for j in range(dim):
            w[j] -= rate * g[j]


@compiled
def _roll(table: Any, rows: Any, gradient: Any, rate: Any, momentum: Any, nesterov: Any) -> None:
    dim = gradient.shape[1]
    for i in range(len(rows)):
        fetch_ahead(table, rows, i, 2 * dim)
        w = table[rows[i], :dim]
        v = table[rows[i], dim : 2 * dim]
        g = gradient[i]
        for j in range(dim):
            v[j] = momentum * v[j] - rate * g[j]
        for j in range(dim):
            w[j] += momentum * v[j] - rate * g[j] if nesterov else v[j]
