"""LARS against Algorithm 1 of You, Gitman & Ginsburg (2017), and its laws."""

from typing import Any

import numpy as np
import pytest

from models.keras import tf
from models.optimizers.dense.lars import LARS


class Weight:
    def __init__(self, rule: LARS, weights: Any) -> None:
        self.rule, self.weights, self.v = rule, weights, np.zeros_like(weights)

    def learn(self, gradient: Any, rate: float) -> None:
        rule = self.rule
        if self.weights.ndim > 1:
            size, slope = np.linalg.norm(self.weights), np.linalg.norm(gradient)
            local = rule.trust * size / (slope + rule.weight_decay * size)
            gradient = local * (gradient + rule.weight_decay * self.weights)
        self.v = rule.momentum * self.v + rule.learning_rate * rate * gradient
        self.weights = self.weights - self.v


@pytest.mark.parametrize(
    "rule", [LARS(), LARS(learning_rate=2.0, trust=0.01, momentum=0.5, weight_decay=0.3)], ids=str
)
def test_it_follows_the_paper(follow: Any, rule: LARS) -> None:
    follow(rule, lambda weights: Weight(rule, weights))


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_the_size_of_the_gradient_does_not_matter(scale: float) -> None:
    weights = tf.Variable(tf.random.stateless_normal([6, 4], [1, 2]))
    before = weights.numpy()
    LARS(trust=0.01).build().apply_gradients([(scale * tf.ones([6, 4]), weights)])
    moved = np.linalg.norm(weights.numpy() - before)
    assert moved == pytest.approx(0.01 * np.linalg.norm(before), rel=1e-4)


def test_matrices_of_zeros_can_leave_zero() -> None:
    weights = tf.Variable(tf.zeros([2, 2]))
    LARS(learning_rate=0.1).build().apply_gradients([(tf.ones([2, 2]), weights)])
    np.testing.assert_allclose(weights, np.full((2, 2), -0.1), rtol=1e-6)
