"""Adam on the rows a batch touches."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from models.keras import tf
from models.optimizers.optimizer import SparseOptimizer, Tensor


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

    def start(self, weights: Tensor) -> Tensor:
        return tf.zeros_like(tf.concat([weights] * self.slots + [weights[:, :1]], axis=1))

    def update(
        self, weights: Tensor, state: Tensor, gradient: Tensor, rate: Tensor
    ) -> tuple[Tensor, Tensor]:
        sizes = [weights.shape[1]] * self.slots + [1]
        first, second, *largest, count = tf.split(state, sizes, axis=1)
        count = count + 1.0
        first = self.beta_1 * first + (1.0 - self.beta_1) * gradient
        second = self.beta_2 * second + (1.0 - self.beta_2) * gradient * gradient
        largest = [tf.maximum(one, second) for one in largest]
        mean = first / _correction(self.beta_1, count)
        square = (largest or [second])[0] / _correction(self.beta_2, count)
        step = self.learning_rate * rate * mean / (tf.sqrt(square) + self.epsilon)
        return weights - step, tf.concat([first, second, *largest, count], axis=1)


def _correction(beta: float, count: Tensor) -> Tensor:
    """1 - beta^count, without the cancellation that float32 has near beta = 1."""
    return -tf.math.expm1(count * math.log(beta))
