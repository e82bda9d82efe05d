"""The row that dense layers read, in an order that training and serving share."""

import numpy as np

from models.blocks.flatten import flatten
from models.keras import tf


def test_vectors_in_order_and_then_the_numerics() -> None:
    embedded = tf.constant([[[1.0, 2.0], [3.0, 4.0]]])
    np.testing.assert_array_equal(flatten(embedded, tf.constant([[5.0]])), [[1, 2, 3, 4, 5]])


def test_either_may_be_absent() -> None:
    np.testing.assert_array_equal(flatten(tf.zeros([2, 0, 4]), tf.ones([2, 3])), np.ones((2, 3)))
    np.testing.assert_array_equal(flatten(tf.ones([2, 1, 4]), tf.zeros([2, 0])), np.ones((2, 4)))
    assert flatten(tf.zeros([0, 0, 4]), tf.ones([0, 3])).shape == (0, 3)
