"""Pairwise logistic loss."""

from __future__ import annotations

from typing import Literal

from models.keras import tf
from models.losses.loss import Loss
from models.losses.rows import mean, pairs, take
from models.optimizers.optimizer import Tensor


class BPR(Loss):
    """log(1 + exp(-(s_i - s_j))) over the pairs of a query with label_i > label_j.

        sum_i w_i l_i / sum_i w_i,  l_i = sum_j w_j log(1 + exp(s_j - s_i)) / sum_j w_j

    j runs over the rows of i's query with a lower label, i over the rows that have such. So each
    query has its mean over pairs and, with labels 0 and 1, counts by the weight of its positives.
    Rendle et al., UAI 2009 (https://arxiv.org/abs/1205.2618), section 4, without the regulariser;
    Burges et al., ICML 2005 (RankNet), equation 3.
    """

    type: Literal["bpr"] = "bpr"

    @property
    def needs_query(self) -> bool:
        return True

    def compute(
        self, logits: Tensor, label: Tensor, weight: Tensor, query: Tensor | None
    ) -> Tensor:
        above, below = pairs(query)
        chosen = tf.where(tf.gather(label, above) > tf.gather(label, below))[:, 0]
        above, below = tf.gather(above, chosen), tf.gather(below, chosen)
        losses = tf.nn.softplus(take(logits, below) - take(logits, above))  # (pairs,)
        rows, lower = tf.shape(label)[0], tf.gather(weight, below)
        mass = tf.math.unsorted_segment_sum(lower, above, rows)
        row_losses = tf.math.divide_no_nan(
            tf.math.unsorted_segment_sum(losses * lower, above, rows), mass
        )
        return mean(row_losses, tf.where(mass > 0, weight, 0.0))
