"""LAMB against Algorithm 2 of You et al. (ICLR 2020), and its laws."""

from typing import Any

import numpy as np
import pytest

from models.keras import tf
from models.optimizers.dense.lamb import LAMB


class Weight:
    def __init__(self, rule: LAMB, weights: Any) -> None:
        self.rule, self.weights, self.t = rule, weights, 0
        self.m, self.v = np.zeros_like(weights), np.zeros_like(weights)

    def learn(self, gradient: Any, rate: float) -> None:
        rule = self.rule
        self.t += 1
        self.m = rule.beta_1 * self.m + (1 - rule.beta_1) * gradient
        self.v = rule.beta_2 * self.v + (1 - rule.beta_2) * gradient**2
        root = np.sqrt(self.v / (1 - rule.beta_2**self.t)) + rule.epsilon
        move = self.m / (1 - rule.beta_1**self.t) / root
        if self.weights.ndim > 1:
            move = move + rule.weight_decay * self.weights
            move = move * np.linalg.norm(self.weights) / np.linalg.norm(move)
        self.weights = self.weights - rule.learning_rate * rate * move


@pytest.mark.parametrize(
    "rule", [LAMB(), LAMB(learning_rate=0.05, weight_decay=0.3, beta_1=0.5, epsilon=0.1)], ids=str
)
def test_it_follows_the_paper(follow: Any, rule: LAMB) -> None:
    follow(rule, lambda weights: Weight(rule, weights))


def test_a_step_is_as_long_as_the_weights_times_the_learning_rate() -> None:
    for scale in (1e-3, 1.0, 1e3):
        weights = tf.Variable(scale * tf.random.stateless_normal([6, 4], [1, 2]))
        before = weights.numpy()
        LAMB(learning_rate=0.1).build().apply_gradients([(tf.ones([6, 4]), weights)])
        moved = np.linalg.norm(weights.numpy() - before)
        assert moved == pytest.approx(0.1 * np.linalg.norm(before), rel=1e-4)


def test_matrices_of_zeros_move_as_adam_would() -> None:
    weights = tf.Variable(tf.zeros([2, 2]))
    LAMB(learning_rate=0.1, epsilon=1e-12).build().apply_gradients([(tf.ones([2, 2]), weights)])
    np.testing.assert_allclose(weights, np.full((2, 2), -0.1), rtol=1e-5)
