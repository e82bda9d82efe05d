"""Adam on the rows a batch touches."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from pydantic import Field

from models.compiled import compiled, fetch_ahead, singles
from models.optimizers.optimizer import Floats, Ints, SparseOptimizer


class LazyAdam(SparseOptimizer):
    """Adam (Kingma & Ba, ICLR 2015, Algorithm 1), each row as if its visits were all there is.

        m = beta_1 m + (1 - beta_1) g;  v = beta_2 v + (1 - beta_2) g^2;  t += 1
        w -= lr m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)

    https://arxiv.org/abs/1412.6980. It is not Adam: that also moves and decays the rows a batch
    does not name. t is the row's own count of updates, not the number of steps: only that many
    gradients are in m and v, and corrected by the steps, the first update of a row that comes
    late would be (1 - beta_1) / sqrt(1 - beta_2) = 3.2 times as long as it should be. With
    `amsgrad` the largest v so far takes the place of v (Reddi et al., ICLR 2018,
    https://arxiv.org/abs/1904.09237), corrected likewise.
    """

    type: Literal["lazy_adam"] = "lazy_adam"
    learning_rate: float = Field(default=1e-3, gt=0)
    beta_1: float = Field(default=0.9, gt=0, lt=1)
    beta_2: float = Field(default=0.999, gt=0, lt=1)
    epsilon: float = Field(default=1e-8, gt=0)
    amsgrad: bool = False

    @property
    def slots(self) -> int:
        return 3 if self.amsgrad else 2

    @property
    def row_slots(self) -> int:
        return 1

    def start(self, weights: Floats) -> Floats:
        return np.zeros((len(weights), self.slots * weights.shape[1] + 1), np.float32)

    def update(self, table: Floats, rows: Ints, gradient: Floats, rate: float) -> None:
        step = self.learning_rate * rate
        moments = (singles(one, 1 - one, math.log(one)) for one in (self.beta_1, self.beta_2))
        _update(table, rows, gradient, *moments, *singles(step, self.epsilon), self.amsgrad)


@compiled
def _update(
    table: Any,
    rows: Any,
    gradient: Any,
    first: Any,
    second: Any,
    rate: Any,
    epsilon: Any,
    amsgrad: Any,
) -> None:
    dim, last = gradient.shape[1], table.shape[1] - 1
    (kept_1, new_1, log_1), (kept_2, new_2, log_2) = first, second
    for i in range(len(rows)):
        fetch_ahead(table, rows, i, last + 1)
        row = table[rows[i]]
        g = gradient[i]
        w = row[:dim]
        m = row[dim : 2 * dim]
        v = row[2 * dim : 3 * dim]
        most = row[last - dim : last]  # without amsgrad, that is v
        row[last] += np.float32(1)
        # 1 - beta^count, without the cancellation that float32 has near beta = 1.
        mean, square = -np.expm1(row[last] * log_1), -np.expm1(row[last] * log_2)
        for j in range(dim):
            m[j] = kept_1 * m[j] + new_1 * g[j]
            v[j] = kept_2 * v[j] + new_2 * g[j] * g[j]
        if amsgrad:
            for j in range(dim):
                most[j] = max(most[j], v[j])
        for j in range(dim):
            w[j] -= rate * (m[j] / mean) / (np.sqrt(most[j] / square) + epsilon)
