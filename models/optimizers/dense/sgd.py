"""Stochastic gradient descent, from tf-keras."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from models.keras import keras
from models.optimizers.dense.optimizer import DenseOptimizer


class SGD(DenseOptimizer):
    """v = momentum v - lr g;  w += v, or with `nesterov` w += momentum v - lr g

    Polyak's momentum and Nesterov's as in Sutskever et al. (ICML 2013,
    https://proceedings.mlr.press/v28/sutskever13.html).
    """

    type: Literal["sgd"] = "sgd"
    learning_rate: float = Field(default=0.01, gt=0)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    nesterov: bool = False

    @model_validator(mode="after")
    def _check(self) -> SGD:
        if self.nesterov and not self.momentum:
            raise ValueError("`nesterov` needs `momentum` above 0; give one, such as 0.9")
        return self

    def build(self) -> Any:
        return keras.optimizers.SGD(
            self.learning_rate, self.momentum, self.nesterov, jit_compile=False
        )
