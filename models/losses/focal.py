"""Focal loss."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.keras import tf
from models.losses.loss import Loss
from models.losses.rows import mean
from models.optimizers.optimizer import Tensor


class Focal(Loss):
    """-alpha_t (1 - p_t)^gamma log p_t, averaged over the rows by weight.

    p_t is the probability of the label that the row has; alpha_t is `alpha` for positives,
    1 - `alpha` for negatives, 1 for all where there is no `alpha`. Lin et al., ICCV 2017
    (https://arxiv.org/abs/1708.02002), equation 5. A label between 0 and 1 is a share of positives.
    """

    type: Literal["focal"] = "focal"
    gamma: float = Field(default=2.0, ge=0)
    alpha: float | None = Field(default=None, gt=0, lt=1)

    def compute(
        self,
        logits: Tensor,
        label: Tensor,
        weight: Tensor,
        query: Tensor | None,  # noqa: ARG002
    ) -> Tensor:
        up, down = (1.0, 1.0) if self.alpha is None else (self.alpha, 1 - self.alpha)
        positive, negative = self._of(logits), self._of(-logits)
        return mean(label * up * positive + (1 - label) * down * negative, weight)

    def _of(self, logit: Tensor) -> Tensor:
        """By log p_t = -softplus(-logit) and log(1 - p_t) = -softplus(logit), which never round."""
        return tf.exp(-self.gamma * tf.nn.softplus(logit)) * tf.nn.softplus(-logit)
