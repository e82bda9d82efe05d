"""FTRL-Proximal."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from models.keras import tf
from models.optimizers.optimizer import SparseOptimizer, Tensor


class Ftrl(SparseOptimizer):
    """FTRL-Proximal with L1 and L2 as in McMahan et al. (KDD 2013), Algorithm 1.

        s = (sqrt(n + g^2) - sqrt(n)) / lr;  z += g - s w;  n += g^2
        w = 0                                                   where |z| <= l1
        w = -(z - sign(z) l1) / ((beta + sqrt(n)) / lr + l2)    elsewhere

    n starts at 0 and z carries the initial weight, so that the first step moves from the
    initialiser instead of erasing it. The paper's beta of 1 is for gradients of one example; these
    are means over a batch, beside which it would hold the weights still. The step size is a
    schedule of its own, on which the meaning of z rests: `rate` is ignored.
    """

    type: Literal["ftrl"] = "ftrl"
    learning_rate: float = Field(default=0.05, gt=0)
    beta: float = Field(default=1e-3, gt=0)
    l1: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)

    @property
    def slots(self) -> int:
        return 2

    def continues(self, earlier: SparseOptimizer) -> bool:
        return self == earlier  # what weights a z stands for depends on every rate

    def start(self, weights: Tensor) -> Tensor:
        scale = self.beta / self.learning_rate + self.l2
        z = -weights * scale - tf.sign(weights) * self.l1
        return tf.concat([z, tf.zeros_like(weights)], axis=1)

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
        shrunk = tf.sign(z) * tf.maximum(tf.abs(z) - self.l1, 0.0)
        scale = (self.beta + tf.sqrt(total)) / self.learning_rate + self.l2
        return -shrunk / scale, tf.concat([z, total], axis=1)

    def touched(self, state: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which rows of a state `(rows, 2 * dim)` ever had a gradient, bool (rows,)."""
        return np.count_nonzero(state[:, state.shape[1] // 2 :], axis=1) > 0
