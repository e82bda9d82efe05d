"""RMSProp."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.keras import tf
from models.optimizers.optimizer import SparseOptimizer, Tensor


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

    def start(self, weights: Tensor) -> Tensor:
        return tf.fill(tf.shape(weights), tf.constant(self.initial_accumulator, tf.float32))

    def update(
        self, weights: Tensor, state: Tensor, gradient: Tensor, rate: Tensor
    ) -> tuple[Tensor, Tensor]:
        mean = self.rho * state + (1.0 - self.rho) * gradient * gradient
        step = self.learning_rate * rate * gradient / (tf.sqrt(mean) + self.epsilon)
        return weights - step, mean
