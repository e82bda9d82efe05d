"""Softmax over what is present."""

from __future__ import annotations

from models.keras import tf
from models.optimizers.optimizer import Tensor


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Of the present elements of `(batch, length)`; zeros elsewhere, and where there are none."""
    lowest = tf.constant(scores.dtype.min, scores.dtype)
    weights = tf.nn.softmax(tf.where(mask > 0, scores, lowest))
    return tf.where(mask > 0, weights, tf.zeros_like(weights))
