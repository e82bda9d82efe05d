"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from models.keras import tf
from models.optimizers.optimizer import SparseOptimizer, Tensor


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

    def start(self, weights: Tensor) -> Tensor:
        return tf.zeros_like(weights if self.momentum else weights[:, :0])

    def update(
        self, weights: Tensor, state: Tensor, gradient: Tensor, rate: Tensor
    ) -> tuple[Tensor, Tensor]:
        step = self.learning_rate * rate * gradient
        if not self.momentum:
            return weights - step, state
        velocity = self.momentum * state - step
        move = self.momentum * velocity - step if self.nesterov else velocity
        return weights + move, velocity
