"""Listwise softmax cross-entropy."""

from __future__ import annotations

from typing import Literal

from models.keras import tf
from models.losses.loss import Loss
from models.losses.rows import mean, take
from models.optimizers.optimizer import Tensor


class Softmax(Loss):
    """-log of the softmax over a query, averaged over the rows by weight times label.

        -sum_i w_i y_i log p_i / sum_i w_i y_i,  p_i = w_i exp(s_i) / sum_j w_j exp(s_j)

    j runs over the rows of i's query; a row of weight w draws as w rows do (sampled softmax).
    Queries whose labels are all the same say nothing; others count by the sum of their labels.
    The top-one cross-entropy of Cao et al., ICML 2007 (ListNet), to the shares of the labels, as
    in Bruch et al., ICTIR 2019.
    """

    type: Literal["softmax"] = "softmax"

    @property
    def needs_query(self) -> bool:
        return True

    def compute(
        self, logits: Tensor, label: Tensor, weight: Tensor, query: Tensor | None
    ) -> Tensor:
        rows = tf.where(weight > 0)[:, 0]  # the others have no logarithm
        label, weight = tf.gather(label, rows), tf.gather(weight, rows)
        scores = take(logits, rows) + tf.math.log(weight)
        queries, segment = tf.unique(tf.gather(query, rows))
        count = tf.size(queries)
        highest = tf.math.unsorted_segment_max(label, segment, count)
        lowest = tf.math.unsorted_segment_min(label, segment, count)
        top = tf.stop_gradient(tf.math.unsorted_segment_max(scores, segment, count))
        shifted = tf.exp(scores - tf.gather(top, segment))
        total = top + tf.math.log(tf.math.unsorted_segment_sum(shifted, segment, count))
        says = tf.gather(highest > lowest, segment)
        return mean(take(total, segment) - scores, tf.where(says, weight * label, 0.0))
