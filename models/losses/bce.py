"""Binary cross-entropy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.keras import tf
from models.losses.loss import Loss
from models.losses.rows import mean
from models.optimizers.optimizer import Tensor


class BinaryCrossEntropy(Loss):
    """-(y log p + (1 - y) log(1 - p)), p = sigmoid(logit), averaged over the rows by weight.

    y = (1 - label_smoothing) label + label_smoothing / 2 (Szegedy et al., CVPR 2016, section 7,
    https://arxiv.org/abs/1512.00567). Labels may be any probability.
    """

    type: Literal["bce"] = "bce"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)

    def compute(
        self,
        logits: Tensor,
        label: Tensor,
        weight: Tensor,
        query: Tensor | None,  # noqa: ARG002
    ) -> Tensor:
        if self.label_smoothing:
            label = (1 - self.label_smoothing) * label + self.label_smoothing / 2
        return mean(tf.nn.sigmoid_cross_entropy_with_logits(label, logits), weight)
