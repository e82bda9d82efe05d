"""AdaGrad with sparse group lasso."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from models.keras import tf
from models.optimizers.optimizer import SparseOptimizer, Tensor


class GroupAdaGrad(SparseOptimizer):
    """FTRL-Proximal that also drops whole rows: Group AdaGrad of Yue et al. (ECML 2021).

        s = (sqrt(n + g^2) - sqrt(n)) / lr;  z += g - s w;  n += g^2
        u = sign(z) max(|z| - l1, 0)
        w = -max(1 - l21 sqrt(dim) / ||u||, 0) u / ((beta + sqrt(n)) / lr + l2)

    Their Algorithm 1 (https://arxiv.org/abs/2107.14432) with AdaGrad's V, a row a group, as
    their code computes it; `l2` is McMahan's (twice theirs). Without `l21` it is `Ftrl`. As
    there, n starts at 0, z carries the initial weight, and `rate` is ignored.
    """

    type: Literal["group_adagrad"] = "group_adagrad"
    learning_rate: float = Field(default=0.05, gt=0)
    beta: float = Field(default=1e-3, gt=0)
    l1: float = Field(default=0.0, ge=0)
    l21: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)

    @property
    def slots(self) -> int:
        return 2

    def continues(self, earlier: SparseOptimizer) -> bool:
        return self == earlier  # what weights a z stands for depends on every rate

    def start(self, weights: Tensor) -> Tensor:
        u = -weights * (self.beta / self.learning_rate + self.l2)
        norm = tf.norm(u, axis=1, keepdims=True)
        u += tf.math.divide_no_nan(u, norm) * self._threshold(weights)
        return tf.concat([u + tf.sign(u) * self.l1, tf.zeros_like(weights)], axis=1)

    def update(
        self,
        weights: Tensor,
        state: Tensor,
        gradient: Tensor,
        rate: Tensor,  # noqa: ARG002
    ) -> tuple[Tensor, Tensor]:
        z, n = tf.split(state, 2, axis=1)
        total = n + gradient * gradient
        sigma = (tf.sqrt(total) - tf.sqrt(n)) / self.learning_rate
        z = z + gradient - sigma * weights
        u = tf.sign(z) * tf.maximum(tf.abs(z) - self.l1, 0.0)
        norm = tf.norm(u, axis=1, keepdims=True)
        kept = tf.math.divide_no_nan(tf.maximum(norm - self._threshold(weights), 0.0), norm)
        scale = (self.beta + tf.sqrt(total)) / self.learning_rate + self.l2
        return -kept * u / scale, tf.concat([z, total], axis=1)

    def touched(self, state: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which rows of a state `(rows, 2 * dim)` ever had a gradient, bool (rows,)."""
        return np.count_nonzero(state[:, state.shape[1] // 2 :], axis=1) > 0

    def _threshold(self, weights: Tensor) -> float:
        return self.l21 * math.sqrt(weights.shape[1])
