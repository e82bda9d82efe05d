"""Learning with the rounding that export will do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from models.keras import tf
from models.optimizers.optimizer import Tensor


class QuantizationAware(BaseModel):
    """From that epoch on, gradients are taken at weights as int8 would have them, and update the
    full ones, which export then rounds (Jacob et al., CVPR 2018, https://arxiv.org/abs/1712.05877,
    section 3, with the straight-through gradient). Activations are not rounded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_epoch: int = Field(default=1, ge=1)


def rounded(weights: Tensor, axis: int) -> Tensor:
    """scale * round(w / scale), scale = max |w| / 127 along `axis`: what int8 keeps of weights.

    Axis 1 of table rows gives each row its scale, axis 0 of a kernel each of its outputs.
    """
    scale = tf.reduce_max(tf.abs(weights), axis, keepdims=True) / 127
    return scale * tf.round(tf.math.divide_no_nan(weights, scale))


def straight_through(rows: Tensor) -> Tensor:
    """Rows `(n, dim)` as int8 keeps them, with the gradient of the rows themselves."""
    return rows + tf.stop_gradient(rounded(rows, 1) - rows)


@contextmanager
def rounded_kernels(weights: Sequence[Any]) -> Iterator[None]:
    """Within, each matrix among these variables holds what int8 keeps of it."""
    kernels = [one for one in weights if len(one.shape) == 2]
    full = [one.read_value() for one in kernels]
    for kernel, value in zip(kernels, full, strict=True):
        kernel.assign(rounded(value, 0))
    yield
    for kernel, value in zip(kernels, full, strict=True):
        kernel.assign(value)
