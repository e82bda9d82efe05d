"""Approximate NDCG."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from models.keras import tf
from models.losses.loss import Loss
from models.losses.rows import mean, pairs, take
from models.optimizers.optimizer import Tensor


class ApproxNDCG(Loss):
    """1 - NDCG with ranks made smooth, averaged over the queries by weight.

        rank_i = 1 + sum_{j != i} sigmoid((s_j - s_i) / temperature)
        NDCG = sum_i g_i / log2(1 + rank_i) / ideal,  g_i = 2^label_i - 1

    `ideal` is that sum in the order of the labels. A query's weight is the mean of its rows'
    weights by gain; rows of weight 0 are not ranked, and queries whose labels are all the same
    say nothing. Qin, Liu & Li, Information Retrieval 13, 2010; Bruch et al., SIGIR 2019.
    """

    type: Literal["approx_ndcg"] = "approx_ndcg"
    temperature: float = Field(default=0.1, gt=0)

    @property
    def needs_query(self) -> bool:
        return True

    def compute(
        self, logits: Tensor, label: Tensor, weight: Tensor, query: Tensor | None
    ) -> Tensor:
        rows = tf.where(weight > 0)[:, 0]
        label, weight = tf.gather(label, rows), tf.gather(weight, rows)
        scores = take(logits, rows)
        queries, segment = tf.unique(tf.gather(query, rows))
        gain = tf.pow(2.0, label) - 1
        ideal_rank, smooth_rank, says = self._ranks(scores, label, segment)

        def by_query(values: Tensor) -> Tensor:
            return tf.math.unsorted_segment_sum(values, segment, tf.size(queries))

        found = by_query(gain / _log2(1 + smooth_rank))
        ndcg = tf.math.divide_no_nan(found, by_query(gain / _log2(1 + ideal_rank)))
        query_weight = tf.math.divide_no_nan(by_query(weight * gain), by_query(gain))
        return mean(1 - ndcg, tf.where(by_query(says) > 0, query_weight, 0.0))

    def _ranks(self, scores: Tensor, label: Tensor, segment: Tensor) -> tuple[Tensor, ...]:
        """Of each row: its rank by label, its smooth rank by score, and how many are below it."""
        one, other = pairs(segment)
        mine, theirs = tf.gather(label, one), tf.gather(label, other)
        ahead = (theirs > mine) | ((theirs == mine) & (other < one))
        ratio = (take(scores, other) - take(scores, one)) / self.temperature

        def by_row(values: Tensor) -> Tensor:
            return tf.math.unsorted_segment_sum(values, one, tf.shape(label)[0])

        beaten = tf.where(other == one, 0.0, tf.sigmoid(ratio))
        below = by_row(tf.cast(theirs < mine, tf.float32))
        return 1 + by_row(tf.cast(ahead, tf.float32)), 1 + by_row(beaten), below


def _log2(values: Tensor) -> Tensor:
    return tf.math.log(values) / tf.math.log(2.0)
