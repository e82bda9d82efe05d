"""The joint logit against exact arithmetic, and its gradient everywhere."""

import math
from decimal import Decimal, localcontext
from itertools import product
from typing import Any

import numpy as np
import pytest

from models.blocks.esmm import joint_logit
from models.keras import keras, tf

LOGITS = [-1e4, -200.0, -30.0, -3.0, 0.0, 0.5, 4.0, 30.0, 200.0, 1e4]
PAIRS = np.array(list(product(LOGITS, LOGITS)), np.float32)


def exact(first: float, second: float) -> float:
    """log(p / (1 - p)) of the product of two probabilities, in 10,000 digits' reach."""
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 60, 10**6, -(10**6)
        a, b = ((-Decimal(one)).exp() for one in (first, second))
        against = a + b + a * b  # (1 + a)(1 + b) - 1
        return float(-against.ln())


def test_worked_numbers() -> None:
    """1/2 of 1/2 is 1/4, whose odds are 1 to 3; of 9/10, 9/20, whose odds are 9 to 11."""
    found = joint_logit(tf.constant([0.0, math.log(9)]), tf.constant([0.0, 0.0]))
    np.testing.assert_allclose(found, [-math.log(3), math.log(9 / 11)], rtol=1e-6)


def test_exact_where_the_probabilities_round() -> None:
    found = joint_logit(PAIRS[:, 0], PAIRS[:, 1])
    expected = [exact(float(a), float(b)) for a, b in PAIRS]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_it_is_the_log_of_the_product() -> None:
    """log sigmoid(joint) = log sigmoid(first) + log sigmoid(second)."""
    near = np.random.default_rng(0).normal(0, 4, (2, 500)).astype(np.float32)
    found = tf.math.log_sigmoid(joint_logit(*near))
    expected = tf.math.log_sigmoid(near[0]) + tf.math.log_sigmoid(near[1])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_gradients_are_finite_and_true(label: float) -> None:
    """Of the cross-entropy: (p - label) d logit / d a = (p - label) (1 - sigmoid(a)) / (1 - p)."""
    with tf.GradientTape() as tape:
        a, b = tf.constant(PAIRS[:, 0]), tf.constant(PAIRS[:, 1])
        tape.watch([a, b])
        loss = tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(a.shape, label), joint_logit(a, b))
    assert np.isfinite(loss).all()
    for own, other, gradient in zip((a, b), (b, a), tape.gradient(loss, [a, b]), strict=True):
        assert np.isfinite(gradient).all()
        mild = (np.abs(own) < 35) & (np.abs(other) < 35)
        x, y = (np.asarray(one, np.longdouble)[mild] for one in (own, other))
        against = np.exp(-x) + np.exp(-y) + np.exp(-x - y)
        p = 1 / (1 + against)
        share = np.exp(-x) * (1 + np.exp(-y)) / against
        slope = -against * p * share if label else p * share
        np.testing.assert_allclose(gradient.numpy()[mild], slope, rtol=1e-4, atol=1e-30)


def test_it_never_exceeds_either_and_does_not_mind_their_order() -> None:
    found = joint_logit(PAIRS[:, 0], PAIRS[:, 1])
    assert (found <= PAIRS.min(1)).numpy().all()
    np.testing.assert_allclose(found, joint_logit(PAIRS[:, 1], PAIRS[:, 0]))


def test_in_litert_and_of_narrow_floats(check_litert: Any) -> None:
    class Joint(keras.layers.Layer):
        def call(self, first: Any, second: Any) -> Any:
            return joint_logit(first, second)

    check_litert(Joint(), PAIRS[:, 0], PAIRS[:, 1])
    narrow = joint_logit(tf.zeros([1, 2], tf.bfloat16), tf.zeros([1, 2], tf.bfloat16))
    np.testing.assert_allclose(narrow, [2 * [-math.log(3)]], rtol=1e-6)
