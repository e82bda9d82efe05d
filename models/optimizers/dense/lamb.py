"""LAMB, for large batches."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from models.keras import tf
from models.optimizers.dense.layerwise import Layerwise, adapts, ratio
from models.optimizers.dense.optimizer import DenseOptimizer
from models.optimizers.optimizer import Tensor


class LAMB(DenseOptimizer):
    """Adam whose step on each weight matrix is as long as the matrix, times the learning rate.

        m = beta_1 m + (1 - beta_1) g;  v = beta_2 v + (1 - beta_2) g^2
        r = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon) + weight_decay w
        w -= lr ||w|| / ||r|| r

    You et al. (ICLR 2020, https://arxiv.org/abs/1904.00962), Algorithm 2 with phi the identity.
    Vectors (biases, scales) take r without decay, at a ratio of 1.
    """

    type: Literal["lamb"] = "lamb"
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    beta_1: float = Field(default=0.9, ge=0, lt=1)
    beta_2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-6, gt=0)

    def build(self) -> Any:
        return _Lamb(self)


class _Lamb(Layerwise):
    slots = ("m", "v")

    def __init__(self, rule: LAMB) -> None:
        super().__init__(rule.learning_rate)
        self._rule = rule

    def update_step(self, gradient: Tensor, variable: Any) -> None:
        rule, (m, v) = self._rule, self.state(variable)
        step = tf.cast(self.iterations + 1, gradient.dtype)
        m.assign(rule.beta_1 * m + (1 - rule.beta_1) * gradient)
        v.assign(rule.beta_2 * v + (1 - rule.beta_2) * gradient * gradient)
        mean = m / (1 - tf.pow(rule.beta_1, step))
        move = mean / (tf.sqrt(v / (1 - tf.pow(rule.beta_2, step))) + rule.epsilon)
        if adapts(variable):
            move += rule.weight_decay * variable
            move *= ratio(tf.norm(variable), tf.norm(move))
        variable.assign_sub(self.learning_rate * move)
