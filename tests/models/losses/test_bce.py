"""Binary cross-entropy against scikit-learn, tf-keras and what training computed before."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss

from models.keras import keras, tf
from models.losses.bce import BinaryCrossEntropy


def test_it_is_log_loss(rows_of: Any, evaluate: Any) -> None:
    rows = rows_of(queries=40)
    chance = 1 / (1 + np.exp(-rows.logits))
    expected = log_loss(rows.label, chance, sample_weight=rows.weight)
    value, gradient = evaluate(BinaryCrossEntropy(), rows)
    assert value == pytest.approx(expected, rel=1e-6)
    slopes = (chance - rows.label) * rows.weight / rows.weight.sum()
    np.testing.assert_allclose(gradient, slopes, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_smoothing_is_that_of_keras(smoothing: float, rows_of: Any, evaluate: Any) -> None:
    rows = rows_of(queries=40)
    rows = rows.but(weight=np.ones_like(rows.weight))
    reference = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
    value, _ = evaluate(BinaryCrossEntropy(label_smoothing=smoothing), rows)
    logits, label, *_ = rows.tensors()
    assert value == pytest.approx(float(reference(label, logits)), rel=1e-6)


def test_it_is_to_the_bit_the_weighted_mean_of_tensorflow_s(rows_of: Any) -> None:
    logits, label, weight, _ = rows_of(queries=40).tensors()
    losses = tf.nn.sigmoid_cross_entropy_with_logits(label, logits)
    expected = tf.math.divide_no_nan(tf.reduce_sum(losses * weight), tf.reduce_sum(weight))
    assert float(BinaryCrossEntropy()(logits, label, weight)) == float(expected)


def test_a_smoothed_optimum_is_drawn_to_one_half(rows_of: Any, evaluate: Any) -> None:
    """p = (1 - e) q + e / 2 where a share q of the rows is positive: it is no longer calibrated."""
    rows = rows_of().take([0] * 100)
    optimum = 0.9 * 0.02 + 0.05
    rows = rows.but(
        logits=np.full(100, np.log(optimum / (1 - optimum))),
        label=np.repeat([1.0, 0.0], [2, 98]),
        weight=np.ones(100),
    )
    _, gradient = evaluate(BinaryCrossEntropy(label_smoothing=0.1), rows)
    assert gradient.sum() == pytest.approx(0, abs=1e-7)
    _, gradient = evaluate(BinaryCrossEntropy(), rows)
    assert gradient.sum() == pytest.approx(optimum - 0.02, rel=1e-5)
