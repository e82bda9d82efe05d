import numpy as np
import pytest

from models.blocks.dropout import Dropout, dropout_layer
from models.keras import tf


def test_serving_leaves_all_as_it_is_and_training_its_mean() -> None:
    layer, values = Dropout(0.3, seed=1), tf.random.stateless_normal([400, 500], [1, 2]) + 2
    np.testing.assert_array_equal(layer(values), values)
    dropped = layer(values, training=True).numpy()
    assert np.mean(dropped == 0) == pytest.approx(0.3, abs=0.005)
    assert dropped.mean() == pytest.approx(float(tf.reduce_mean(values)), rel=0.01)
    kept = dropped != 0
    np.testing.assert_allclose(dropped[kept], values.numpy()[kept] / 0.7, rtol=1e-6)


def test_each_step_draws_anew_and_can_be_gone_back_to() -> None:
    layer, values = Dropout(0.5, seed=3), tf.ones([7, 9])
    drawn = tf.function(lambda: layer(values, training=True))
    first, second = drawn().numpy(), drawn().numpy()
    assert not np.array_equal(first, second)
    again = Dropout(0.5, seed=3)
    again.set_weights([np.int64(1)])
    np.testing.assert_array_equal(again(values, training=True), second)
    other = Dropout(0.5, seed=4)
    assert not np.array_equal(other(values, training=True), first)


def test_a_rate_of_nothing_draws_nothing() -> None:
    layer = dropout_layer(0.0, seed=0)
    np.testing.assert_array_equal(layer(tf.ones([3]), training=True), np.ones(3))
    assert layer.get_weights() == []
    assert len(dropout_layer(0.1, seed=0).get_weights()) == 1
