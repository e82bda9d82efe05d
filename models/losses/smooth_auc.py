"""Smooth AUC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from models.keras import tf
from models.losses.loss import Loss
from models.losses.rows import take
from models.optimizers.optimizer import Tensor

PAIRS = 2**20  # compared at once: a few arrays of 4 MB, whatever the batch


class SmoothAUC(Loss):
    """1 - AUC of the batch, with steps made smooth.

        sum_{i+, j-} w_i w_j sigmoid((s_j - s_i) / temperature) / sum_{i+, j-} w_i w_j

    A row is positive where its label is above 0. As the temperature falls this becomes one less
    the exact AUC, ties counted one half. Herschtal & Raskutti, ICML 2004.
    """

    type: Literal["smooth_auc"] = "smooth_auc"
    temperature: float = Field(default=1.0, gt=0)

    def compute(
        self,
        logits: Tensor,
        label: Tensor,
        weight: Tensor,
        query: Tensor | None,  # noqa: ARG002
    ) -> Tensor:
        ups, downs = tf.where(label > 0)[:, 0], tf.where(label <= 0)[:, 0]
        up, down = tf.gather(weight, ups), tf.gather(weight, downs)
        return _beaten(
            take(logits, ups) / self.temperature,
            take(logits, downs) / self.temperature,
            tf.math.divide_no_nan(up, tf.reduce_sum(up)),
            tf.math.divide_no_nan(down, tf.reduce_sum(down)),
        )


@tf.custom_gradient
def _beaten(
    ups: Tensor, downs: Tensor, up_weight: Tensor, down_weight: Tensor
) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor, None, None]]]:
    """sum_ij w_i w_j sigmoid(d_j - u_i), with its gradients, a block of i at a time."""
    rows = tf.shape(ups)[0]
    size = tf.maximum(1, PAIRS // tf.maximum(1, tf.shape(downs)[0]))
    blocks = (rows + size - 1) // size

    def add(
        block: Tensor, loss: Tensor, up_slopes: Tensor, down_slopes: Tensor
    ) -> tuple[Tensor, ...]:
        part = slice(block * size, (block + 1) * size)
        chance = tf.sigmoid(downs - ups[part, None])  # (size, downs)
        slope = chance * (1 - chance)
        loss += tf.reduce_sum(up_weight[part] * tf.linalg.matvec(chance, down_weight))
        falls = up_weight[part] * tf.linalg.matvec(slope, down_weight)
        up_slopes = tf.concat([up_slopes, -falls], 0)
        down_slopes += tf.linalg.matvec(slope, up_weight[part], transpose_a=True)
        return block + 1, loss, up_slopes, down_slopes

    _, loss, up_slopes, down_slopes = tf.while_loop(
        lambda block, *_: block < blocks,
        add,
        (0, tf.constant(0.0), tf.zeros([0]), tf.zeros_like(downs)),
        shape_invariants=tuple(map(tf.TensorShape, ([], [], [None], [None]))),
    )

    def gradient(upstream: Tensor) -> tuple[Tensor, Tensor, None, None]:
        return upstream * up_slopes, upstream * down_weight * down_slopes, None, None

    return loss, gradient
