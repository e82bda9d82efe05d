"""Padding is taken out whatever stands in it."""

import numpy as np

from models.blocks.mask import masked
from models.keras import tf


def test_of_garbage_nothing_remains_nor_flows_back() -> None:
    elements = tf.constant([[[1.0, 2.0], [np.nan, np.inf]]])
    with tf.GradientTape() as tape:
        tape.watch(elements)
        found = masked(elements, tf.constant([[1.0, 0.0]]))
        loss = tf.reduce_sum(found**2)
    np.testing.assert_array_equal(found, [[[1, 2], [0, 0]]])
    np.testing.assert_array_equal(tape.gradient(loss, elements), [[[2, 4], [0, 0]]])
