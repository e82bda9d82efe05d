"""A softmax that padding takes no part in."""

import numpy as np

from models.blocks.softmax import masked_softmax
from models.keras import tf

MASK = np.array([[1, 1, 1], [1, 0, 1], [0, 0, 0]], np.float32)


def test_over_present_elements() -> None:
    """1, 2 and 3 in proportion; then 1 and 3."""
    scores = tf.constant(np.log([[1.0, 2.0, 3.0]] * 3), tf.float32)
    found = masked_softmax(scores, MASK)
    expected = [[1 / 6, 2 / 6, 3 / 6], [1 / 4, 0, 3 / 4], [0, 0, 0]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_extreme_scores_and_garbage_in_the_padding() -> None:
    scores = tf.constant([[-3e38, -3e38, -3e38], [3e38, np.nan, 3e38], [np.inf, np.nan, 0]])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        found = masked_softmax(scores, MASK)
    np.testing.assert_allclose(found, [[1 / 3] * 3, [0.5, 0, 0.5], [0, 0, 0]], rtol=1e-6)
    assert np.isfinite(tape.gradient(found, scores)).all()
