"""LARS, for large batches."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from models.keras import tf
from models.optimizers.dense.layerwise import Layerwise, adapts, ratio
from models.optimizers.dense.optimizer import DenseOptimizer
from models.optimizers.optimizer import Tensor


class LARS(DenseOptimizer):
    """Momentum whose step on each weight matrix is scaled to the matrix.

        local = trust ||w|| / (||g|| + weight_decay ||w||)
        v = momentum v + lr local (g + weight_decay w);  w -= v

    You, Gitman & Ginsburg (2017, https://arxiv.org/abs/1708.03888), Algorithm 1. Vectors
    (biases, scales) take g without decay, at local = 1.
    """

    type: Literal["lars"] = "lars"
    learning_rate: float = Field(default=1.0, gt=0)
    trust: float = Field(default=1e-3, gt=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)

    def build(self) -> Any:
        return _Lars(self)


class _Lars(Layerwise):
    slots = ("velocity",)

    def __init__(self, rule: LARS) -> None:
        super().__init__(rule.learning_rate)
        self._rule = rule

    def update_step(self, gradient: Tensor, variable: Any) -> None:
        rule, (velocity,) = self._rule, self.state(variable)
        if adapts(variable):
            size = tf.norm(variable)
            local = ratio(rule.trust * size, tf.norm(gradient) + rule.weight_decay * size)
            gradient = local * (gradient + rule.weight_decay * variable)
        velocity.assign(rule.momentum * velocity + self.learning_rate * gradient)
        variable.assign_sub(velocity)
