"""The distinct rows of a batch, against numpy and TensorFlow, and sums over them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.keras import tf
from models.touched import Distinct, every

IDS = st.lists(st.integers(0, 11), max_size=60)


def test_worked_numbers() -> None:
    """Rows in the order of their first use: 5, 2, 7."""
    touched = Distinct(9)(np.array([5, 2, 5, 7, 2, 5], np.int32))
    assert touched.rows.tolist() == [5, 2, 7]
    assert touched.where.tolist() == [0, 1, 0, 2, 1, 0]
    assert touched.uses.tolist() == [3, 2, 1]
    values = np.array([[1, 2], [3, 4], [5, 6], [7, 8], [9, 10], [11, 12]], np.float32)
    assert touched.sum(values).tolist() == [[17, 20], [12, 14], [7, 8]]


@settings(max_examples=60, deadline=None)
@given(st.lists(IDS, min_size=1, max_size=4))
def test_batch_after_batch_it_finds_what_tensorflow_does(batches: list[list[int]]) -> None:
    """No batch leaves a mark that the next one sees."""
    distinct = Distinct(12)
    for ids in batches:
        touched = distinct(np.array(ids, np.int32))
        rows, where = tf.unique(tf.constant(ids, tf.int32))
        np.testing.assert_array_equal(touched.rows, rows)
        np.testing.assert_array_equal(touched.where, where)
        assert touched.rows.dtype == touched.where.dtype == np.int32
        values = np.random.default_rng(len(ids)).normal(size=(len(ids), 3)).astype(np.float32)
        expected = np.zeros((len(touched.rows), 3))
        np.add.at(expected, touched.where, values.astype(np.float64))
        np.testing.assert_allclose(touched.sum(values), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rows", [1, 40, 100_000])
def test_large_batches(rows: int) -> None:
    ids = np.random.default_rng(0).integers(0, rows, 30_000).astype(np.int32)
    touched = Distinct(rows)(ids)
    np.testing.assert_array_equal(touched.rows[touched.where], ids)
    assert sorted(touched.rows) == np.unique(ids).tolist()
    np.testing.assert_array_equal(touched.uses, np.bincount(ids, minlength=rows)[touched.rows])


def test_every_row_of_a_table_counts_as_touched() -> None:
    touched = every(4, np.array([2, 0, 2], np.int32))
    assert touched.rows.tolist() == [0, 1, 2, 3]
    assert touched.uses.tolist() == [1, 0, 2, 0]
    assert touched.sum(np.array([[1.0], [2.0], [4.0]], np.float32)).tolist() == [[2], [0], [5], [0]]
