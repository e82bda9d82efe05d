"""Padding, taken out of sequences."""

from __future__ import annotations

from models.keras import tf
from models.optimizers.optimizer import Tensor


def masked(elements: Tensor, mask: Tensor) -> Tensor:
    """Elements `(..., dim)` with zeros wherever `mask` `(...)`, broadcast, is 0.

    By selection, not by product: what stands in the padding may be NaN.
    """
    return tf.where(mask[..., None] > 0, elements, tf.zeros_like(elements))
