"""How the learning rates change over the steps of training."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.keras import tf
from models.optimizers.optimizer import Tensor


class Schedule(BaseModel):
    """What every learning rate is multiplied by: 1 without a schedule.

    Over the first `warmup` steps it rises in a straight line from `warmup_start` to 1 ("slow
    start"). From there, with t the steps since and T `decay_steps`:

        linear         1 - (1 - floor) min(t / T, 1)
        cosine         floor + (1 - floor) (1 + cos(pi min(t / T, 1))) / 2
        exponential    max(decay_rate^(t / T), floor)
        inverse_sqrt   max(1 / sqrt(1 + t / T), floor)

    Cosine is Loshchilov & Hutter (ICLR 2017, https://arxiv.org/abs/1608.03983) without restarts;
    inverse_sqrt with `decay_steps` = `warmup` is the Transformer's. With `base_batch_size`, the
    batch size that the learning rates were chosen for, they also grow in proportion to the batch
    (Goyal et al., 2017, https://arxiv.org/abs/1706.02677).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    warmup: int = Field(default=0, ge=0)
    warmup_start: float = Field(default=0.1, ge=0, le=1)
    decay: Literal["none", "linear", "cosine", "exponential", "inverse_sqrt"] = "none"
    decay_steps: int | None = Field(default=None, ge=1)
    decay_rate: float = Field(default=0.1, gt=0, lt=1)
    floor: float = Field(default=0.0, ge=0, le=1)
    base_batch_size: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _check(self) -> Schedule:
        if (self.decay == "none") != (self.decay_steps is None):
            raise ValueError(
                "`decay` and `decay_steps` go together; "
                f"got decay {self.decay!r} and decay_steps {self.decay_steps}"
            )
        return self

    def factor(self, step: int) -> float:
        """At `step`, counted from 0; without `base_batch_size`."""
        return float(self._factor(np.float64(step), np))

    def tensor(self, step: Tensor) -> Tensor:
        """`factor` as a scalar float32 of a scalar int64, for use in a graph."""
        return tf.cast(self._factor(tf.cast(step, tf.float64), tf), tf.float32)

    def scale(self, batch_size: int) -> float:
        """What `base_batch_size` multiplies every learning rate by: 1 without one."""
        return 1.0 if self.base_batch_size is None else batch_size / self.base_batch_size

    def _factor(self, step: Any, ops: Any) -> Any:
        """By numpy or TensorFlow, whose functions here have the same names; in float64."""
        decayed = self._decayed(ops.maximum(step - self.warmup, 0.0), ops)
        if not self.warmup:
            return decayed
        rising = self.warmup_start + (1 - self.warmup_start) * step / self.warmup
        return ops.where(step < self.warmup, rising, decayed)

    def _decayed(self, since: Any, ops: Any) -> Any:
        if self.decay_steps is None:
            return ops.ones_like(since)
        done = since / self.decay_steps
        rest = 1 - self.floor
        if self.decay == "linear":
            return 1 - rest * ops.minimum(done, 1.0)
        if self.decay == "cosine":
            return self.floor + rest * (1 + ops.cos(np.pi * ops.minimum(done, 1.0))) / 2
        if self.decay == "exponential":
            return ops.maximum(ops.exp(done * np.log(self.decay_rate)), self.floor)
        return ops.maximum(1 / ops.sqrt(1 + done), self.floor)
