"""A sequence to one vector."""

from __future__ import annotations

from typing import Literal

from models.blocks.mask import masked
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor

Mode = Literal["mean", "sum", "max", "last"]


class Pooling(keras.layers.Layer):
    """The mean, sum, greatest (by component) or last of the present elements.

    Elements `(batch, length, dim)` and a mask float32 `(batch, length)` of 1 and 0 to
    `(batch, dim)`; an empty sequence gives zeros.
    """

    def __init__(self, mode: Mode = "mean") -> None:
        super().__init__()
        self._mode = mode

    def call(self, elements: Tensor, mask: Tensor) -> Tensor:
        if self._mode == "last":
            mask = _last(mask)
        elif self._mode == "max":
            return _greatest(elements, mask)
        total = tf.reduce_sum(masked(elements, mask), 1)
        if self._mode != "mean":
            return total
        count = tf.reduce_sum(mask, 1, keepdims=True)
        return total / tf.cast(tf.maximum(count, 1.0), total.dtype)

    def output_dim(self, input_dim: int) -> int:
        return input_dim


def _last(mask: Tensor) -> Tensor:
    """The mask of the last present element alone."""
    positions = mask * tf.range(1, mask.shape[1] + 1, dtype=mask.dtype)
    last = tf.reduce_max(positions, 1, keepdims=True)
    return tf.where((positions == last) & (mask > 0), tf.ones_like(mask), tf.zeros_like(mask))


def _greatest(elements: Tensor, mask: Tensor) -> Tensor:
    lowest = tf.constant(elements.dtype.min, elements.dtype)
    found = tf.reduce_max(tf.where(mask[..., None] > 0, elements, lowest), 1)
    return masked(found, tf.reduce_max(mask, 1))
