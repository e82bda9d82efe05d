"""Pairs within queries, and rows whose gradient is dense."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.keras import tf
from models.losses.rows import mean, pairs, take


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-3, 3), max_size=12))
def test_pairs_are_all_those_of_one_query(query: list[int]) -> None:
    left, right = pairs(tf.constant(query, tf.int64))
    found = list(zip(left.numpy().tolist(), right.numpy().tolist(), strict=True))
    rows = range(len(query))
    assert sorted(found) == [(i, j) for i in rows for j in rows if query[i] == query[j]]


def test_rows_taken_twice_have_both_gradients() -> None:
    values = tf.constant([1.0, 2.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(values)
        taken = take(values, tf.constant([2, 0, 2]))
        total = tf.reduce_sum(taken * [1.0, 10.0, 100.0])
    gradient: Any = tape.gradient(total, values)
    assert taken.numpy().tolist() == [4.0, 1.0, 4.0]
    np.testing.assert_array_equal(gradient.numpy(), [10.0, 0.0, 101.0])


def test_a_mean_of_no_weight_is_0() -> None:
    assert float(mean(tf.constant([1.0, 4.0]), tf.constant([2.0, 1.0]))) == 2.0
    assert float(mean(tf.constant([1.0, 4.0]), tf.zeros(2))) == 0.0
