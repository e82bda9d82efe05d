"""RMSProp, from tf-keras."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from models.keras import keras
from models.optimizers.dense.optimizer import DenseOptimizer


class RMSProp(DenseOptimizer):
    """v = rho v + (1 - rho) g^2;  u = momentum u + lr g / sqrt(v + epsilon);  w -= u

    Tieleman & Hinton (2012), lecture 6.5; with `centered`, v less the square of the running
    mean of g (Graves, 2013, https://arxiv.org/abs/1308.0850).
    """

    type: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = Field(default=1e-3, gt=0)
    rho: float = Field(default=0.9, ge=0, lt=1)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    epsilon: float = Field(default=1e-7, gt=0)
    centered: bool = False

    def build(self) -> Any:
        return keras.optimizers.RMSprop(
            self.learning_rate,
            rho=self.rho,
            momentum=self.momentum,
            epsilon=self.epsilon,
            centered=self.centered,
            jit_compile=False,
        )
