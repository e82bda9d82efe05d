"""Bounds on gradients."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.keras import tf
from models.optimizers.optimizer import Tensor

_EPSILON = 1e-6  # torch's


class Clip(BaseModel):
    """Bounds the length of all gradients together (`norm`), or each of their numbers (`value`).

    The length is over dense weights and table rows alike (Pascanu et al., ICML 2013,
    https://arxiv.org/abs/1211.5063), as torch's `clip_grad_norm_` has it:
    g *= min(norm / (||all g|| + 1e-6), 1).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    norm: float | None = Field(default=None, gt=0)
    value: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _check(self) -> Clip:
        if self.norm is not None and self.value is not None:
            raise ValueError("gradients are clipped by `norm` or by `value`; give one of them")
        return self

    def apply(self, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        """The gradients, bounded. Those of tables must be summed by row; None stays None."""
        if self.value is not None:
            return [
                None if one is None else tf.clip_by_value(one, -self.value, self.value)
                for one in gradients
            ]
        if self.norm is None:
            return list(gradients)
        scale = tf.minimum(self.norm / (global_norm(gradients) + _EPSILON), 1.0)
        return [None if one is None else one * tf.cast(scale, one.dtype) for one in gradients]


def global_norm(gradients: Sequence[Tensor | None]) -> Tensor:
    """Length of all of them together, a scalar float32."""
    known = [tf.cast(one, tf.float32) for one in gradients if one is not None]
    return tf.sqrt(tf.add_n([tf.reduce_sum(one * one) for one in known] or [tf.zeros([])]))
