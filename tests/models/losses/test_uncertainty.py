"""Uncertainty weighting against Kendall et al. (CVPR 2018), equation 10."""

import math

import numpy as np
import pytest

from models.keras import keras, tf
from models.losses.uncertainty import Uncertainty


def weighted(variances: list[float], losses: list[float]) -> float:
    """sum_k L_k / sigma_k^2 + log sigma_k."""
    return sum(
        loss / var + math.log(math.sqrt(var)) for var, loss in zip(variances, losses, strict=True)
    )


def test_it_is_the_formula() -> None:
    layer = Uncertainty(3)
    losses = [0.2, 1.5, 0.7]
    assert float(layer(tf.constant(losses))) == pytest.approx(sum(losses))  # at first
    variances = [0.5, 2.0, 1.3]
    layer.log_variances.assign(np.log(variances))
    expected = weighted(variances, losses)
    assert float(layer(tf.constant(losses))) == pytest.approx(expected, rel=1e-6)
    assert float(layer([tf.constant(one) for one in losses])) == pytest.approx(expected, rel=1e-6)


def test_gradients_reach_the_losses_and_the_variances() -> None:
    layer = Uncertainty(2)
    layer.log_variances.assign(np.log([0.5, 4.0]))
    losses = tf.constant([0.3, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(losses)
        total = layer(losses)
    by_loss, by_variance = tape.gradient(total, [losses, layer.log_variances])
    np.testing.assert_allclose(by_loss.numpy(), [1 / 0.5, 1 / 4.0], rtol=1e-6)
    np.testing.assert_allclose(by_variance.numpy(), [0.5 - 0.6, 0.5 - 0.5], atol=1e-6)
    assert layer.trainable_weights[0] is layer.log_variances


def test_variances_learn_twice_the_losses() -> None:
    layer, losses = Uncertainty(2), tf.constant([0.05, 3.0])
    optimizer = keras.optimizers.SGD(1.0)
    for _ in range(100):
        with tf.GradientTape() as tape:
            total = layer(losses)
        optimizer.minimize(total, layer.trainable_weights, tape)
    np.testing.assert_allclose(np.exp(layer.log_variances.numpy()), [0.1, 6.0], rtol=1e-4)


def test_a_task_without_a_loss_moves_nothing() -> None:
    layer = Uncertainty(2)
    layer.log_variances.assign([-2.0, 0.5])
    losses = tf.constant([0.0, 1.0])
    with tf.GradientTape() as tape:
        total = layer(losses)
    assert float(total) == pytest.approx(weighted([math.exp(0.5)], [1.0]), rel=1e-6)
    assert tape.gradient(total, layer.log_variances).numpy()[0] == 0


def test_it_stays_float32_in_a_network_of_bfloat16() -> None:
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        layer = Uncertainty(1)
        assert layer(tf.constant([1.001])).numpy() == np.float32(1.001)
    finally:
        keras.mixed_precision.set_global_policy(before)
