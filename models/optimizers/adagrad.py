"""AdaGrad."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.keras import tf
from models.optimizers.optimizer import SparseOptimizer, Tensor


class AdaGrad(SparseOptimizer):
    """n = min(n + g^2, max_accumulator);  w -= lr g / (sqrt(n) + epsilon)

    Duchi et al., JMLR 2011 (https://jmlr.org/papers/v12/duchi11a.html), where nothing bounds n.
    With `rowwise`, n is one float a row and g^2 the mean over the row (Mudigere et al., ISCA
    2022, https://arxiv.org/abs/2104.05158): the state is a `dim`-th as large.

    `initial_accumulator` is n before the first gradient. The loss is a mean over the batch, so
    gradients of single rows are small, and a start as large as 0.1 would hold them still. With
    `max_accumulator` the step of a frequent row stops shrinking.
    """

    type: Literal["adagrad"] = "adagrad"
    learning_rate: float = Field(default=0.02, gt=0)
    initial_accumulator: float = Field(default=1e-6, ge=0)
    epsilon: float = Field(default=1e-8, gt=0)
    rowwise: bool = False
    max_accumulator: float | None = Field(default=None, gt=0)

    @property
    def slots(self) -> int:
        return 0 if self.rowwise else 1

    @property
    def row_slots(self) -> int:
        return 1 if self.rowwise else 0

    def start(self, weights: Tensor) -> Tensor:
        like = weights[:, :1] if self.rowwise else weights
        return tf.fill(tf.shape(like), tf.constant(self.initial_accumulator, tf.float32))

    def update(
        self, weights: Tensor, state: Tensor, gradient: Tensor, rate: Tensor
    ) -> tuple[Tensor, Tensor]:
        square = gradient * gradient
        total = state + (tf.reduce_mean(square, 1, keepdims=True) if self.rowwise else square)
        if self.max_accumulator is not None:
            total = tf.minimum(total, self.max_accumulator)
        step = self.learning_rate * rate * gradient / (tf.sqrt(total) + self.epsilon)
        return weights - step, total
