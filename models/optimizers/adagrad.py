"""AdaGrad."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.keras import tf
from models.optimizers.optimizer import SparseOptimizer, Tensor


class AdaGrad(SparseOptimizer):
    """n += g^2;  w -= lr g / (sqrt(n) + epsilon)   (Duchi et al., JMLR 2011).

    `initial_accumulator` is n before the first gradient. The loss is a mean over the batch, so
    gradients of single rows are small, and a start as large as 0.1 would hold them still.
    """

    type: Literal["adagrad"] = "adagrad"
    learning_rate: float = Field(default=0.02, gt=0)
    initial_accumulator: float = Field(default=1e-6, ge=0)
    epsilon: float = Field(default=1e-8, gt=0)

    @property
    def slots(self) -> int:
        return 1

    def start(self, weights: Tensor) -> Tensor:
        return tf.fill(tf.shape(weights), tf.constant(self.initial_accumulator, tf.float32))

    def update(self, weights: Tensor, state: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        total = state + gradient * gradient
        step = self.learning_rate * gradient / (tf.sqrt(total) + self.epsilon)
        return weights - step, total
