"""Rows taken, averaged, and paired within their queries."""

from __future__ import annotations

from collections.abc import Callable

from models.keras import tf
from models.optimizers.optimizer import Tensor


@tf.custom_gradient
def take(values: Tensor, rows: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, None]]]:
    """`tf.gather` of `(n,)` by row numbers `(m,)`, whose gradient is a dense `(n,)` too."""
    count = tf.shape(values)[0]

    def gradient(upstream: Tensor) -> tuple[Tensor, None]:
        return tf.math.unsorted_segment_sum(upstream, rows, count), None

    return tf.gather(values, rows), gradient


def mean(values: Tensor, weight: Tensor) -> Tensor:
    """sum w v / sum w, 0 where there is no weight: `(rows,)` and `(rows,)` to `()`."""
    return tf.math.divide_no_nan(tf.reduce_sum(values * weight), tf.reduce_sum(weight))


def pairs(query: Tensor) -> tuple[Tensor, Tensor]:
    """All pairs (i, j) of rows of one query, i = j too: int32 (pairs,) twice.

    As many as the sum of the squares of the queries' sizes, however these differ; nothing is
    padded to the longest.
    """
    segment, sizes = tf.unique_with_counts(query)[1:]  # (rows,), (queries,)
    order = tf.argsort(segment, stable=True)  # rows of a query side by side
    partners = tf.gather(sizes, tf.gather(segment, order))  # (rows,)
    first = tf.gather(tf.cumsum(sizes, exclusive=True), tf.gather(segment, order))
    start = first - tf.cumsum(partners, exclusive=True)
    right = tf.range(tf.reduce_sum(partners)) + tf.repeat(start, partners)
    return tf.repeat(order, partners), tf.gather(order, right)
