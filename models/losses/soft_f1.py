"""Soft F1."""

from __future__ import annotations

from typing import Literal

from models.keras import tf
from models.losses.loss import Loss
from models.optimizers.optimizer import Tensor


class SoftF1(Loss):
    """1 - F1 of the batch, counting probabilities for decisions.

        1 - 2 tp / (2 tp + fp + fn),  p = sigmoid(logit),
        tp = sum_+ w p,  fn = sum_+ w (1 - p),  fp = sum_- w p

    A row is positive where its label is above 0. Without positives there is no F1, and the loss is
    0. Pastor-Pellicer et al., IWANN 2013; Benedict et al., TMLR 2022
    (https://arxiv.org/abs/2108.10566).
    """

    type: Literal["soft_f1"] = "soft_f1"

    def compute(
        self,
        logits: Tensor,
        label: Tensor,
        weight: Tensor,
        query: Tensor | None,  # noqa: ARG002
    ) -> Tensor:
        positive = tf.where(label > 0, weight, 0.0)
        mass, negative = tf.reduce_sum(positive), weight - positive
        hits = tf.reduce_sum(positive * tf.sigmoid(logits))
        missed = tf.reduce_sum(positive * tf.sigmoid(-logits))
        false = tf.reduce_sum(negative * tf.sigmoid(logits))
        wrong = tf.where(mass > 0, missed + false, 0.0)
        return tf.math.divide_no_nan(wrong, 2 * hits + missed + false)
