"""AdaGrad."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from models.compiled import compiled, fetch_ahead, singles
from models.optimizers.optimizer import Floats, Ints, SparseOptimizer


class AdaGrad(SparseOptimizer):
    """n = min(n + g^2, max_accumulator);  w -= lr g / (sqrt(n) + epsilon)

    Duchi et al., JMLR 2011 (https://jmlr.org/papers/v12/duchi11a.html), where nothing bounds n.
    With `rowwise`, n is one float a row and g^2 the mean over the row (Mudigere et al., ISCA
    2022, https://arxiv.org/abs/2104.05158): the state is a `dim`-th as large.

    `initial_accumulator` is n before the first gradient. The loss is a mean over the batch, so
    gradients of single rows are small, and a start as large as 0.1 would hold them still. With
    `max_accumulator` the step of a frequent row stops shrinking.
    """

    type: Literal["adagrad"] = "adagrad"
    learning_rate: float = Field(default=0.02, gt=0)
    initial_accumulator: float = Field(default=1e-6, ge=0)
    epsilon: float = Field(default=1e-8, gt=0)
    rowwise: bool = False
    max_accumulator: float | None = Field(default=None, gt=0)

    @property
    def slots(self) -> int:
        return 0 if self.rowwise else 1

    @property
    def row_slots(self) -> int:
        return 1 if self.rowwise else 0

    def start(self, weights: Floats) -> Floats:
        like = weights[:, :1] if self.rowwise else weights
        return np.full(like.shape, self.initial_accumulator, np.float32)

    def update(self, table: Floats, rows: Ints, gradient: Floats, rate: float) -> None:
        step, most = self.learning_rate * rate, self.max_accumulator or np.inf
        kernel = _rowwise if self.rowwise else _elementwise
        kernel(table, rows, gradient, *singles(step, most, self.epsilon))


@compiled
def _elementwise(table: Any, rows: Any, gradient: Any, rate: Any, most: Any, epsilon: Any) -> None:
    dim = gradient.shape[1]
    for i in range(len(rows)):
        fetch_ahead(table, rows, i, 2 * dim)
        w = table[rows[i], :dim]
        n = table[rows[i], dim : 2 * dim]
        g = gradient[i]
        for j in range(dim):
            n[j] = min(n[j] + g[j] * g[j], most)
        for j in range(dim):
            w[j] -= rate * g[j] / (np.sqrt(n[j]) + epsilon)


@compiled
def _rowwise(table: Any, rows: Any, gradient: Any, rate: Any, most: Any, epsilon: Any) -> None:
    dim = gradient.shape[1]
    for i in range(len(rows)):
        fetch_ahead(table, rows, i, dim + 1)
        row = table[rows[i]]
        g = gradient[i]
        square = np.float32(0)
        for j in range(dim):
            square += g[j] * g[j]
        row[dim] = min(row[dim] + square / np.float32(dim), most)
        step = rate / (np.sqrt(row[dim]) + epsilon)
        for j in range(dim):
            row[j] -= step * g[j]
