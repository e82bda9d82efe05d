"""Lazy Adam against Algorithm 1 of Kingma & Ba (ICLR 2015) on each row's visits alone."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from models.keras import keras, tf
from models.optimizers.lazy_adam import LazyAdam


class Row:
    def __init__(self, rule: LazyAdam, weights: Any) -> None:
        self.rule, self.weights, self.t = rule, weights, 0
        self.m, self.v, self.largest = (np.zeros_like(weights) for _ in range(3))

    def learn(self, gradient: Any, rate: float) -> None:
        rule = self.rule
        self.t += 1
        self.m = rule.beta_1 * self.m + (1 - rule.beta_1) * gradient
        self.v = rule.beta_2 * self.v + (1 - rule.beta_2) * gradient**2
        self.largest = np.maximum(self.largest, self.v)
        mean = self.m / (1 - rule.beta_1**self.t)
        square = (self.largest if rule.amsgrad else self.v) / (1 - rule.beta_2**self.t)
        step = rule.learning_rate * rate * mean / (np.sqrt(square) + rule.epsilon)
        self.weights = self.weights - step


RULES = [LazyAdam(learning_rate=0.01), LazyAdam(beta_1=0.5, beta_2=0.6, amsgrad=True, epsilon=0.1)]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_it_follows_the_paper(follow: Any, rule: LazyAdam) -> None:
    table = follow(rule, lambda weights: Row(rule, weights))
    counts = table.storage[:, -1]
    assert counts.min() < counts.max() / 2  # rows differ in their own counts


@pytest.mark.parametrize("amsgrad", [False, True])
def test_where_every_row_is_named_it_is_adam(amsgrad: bool) -> None:
    """That of tf-keras, whose epsilon goes to the uncorrected root: one too small to matter."""
    rule = LazyAdam(learning_rate=0.01, epsilon=1e-12, amsgrad=amsgrad)
    adam = keras.optimizers.Adam(0.01, epsilon=1e-12, amsgrad=amsgrad, jit_compile=False)
    random = np.random.default_rng(0)
    weights = random.standard_normal((5, 3), np.float32)
    variable, table = tf.Variable(weights), np.hstack([weights, rule.start(weights)])
    for _ in range(30):
        gradient = random.standard_normal((5, 3), np.float32)
        rule.update(table, np.arange(5, dtype=np.int32), gradient, 1.0)
        adam.apply_gradients([(tf.constant(gradient), variable)])
        np.testing.assert_allclose(table[:, :3], variable, rtol=1e-4, atol=1e-6)


def test_the_first_update_of_any_row_is_one_learning_rate(learned: Any) -> None:
    """g / |g|, whenever it comes: what correction by the number of steps would break."""
    weights, state = learned(LazyAdam(learning_rate=0.01), [1.0, 1.0], [[1e-3, -5.0]])
    assert weights == pytest.approx([0.99, 1.01], rel=1e-5)
    assert state[-1] == 1.0


def test_amsgrad_never_takes_a_longer_step(learned: Any) -> None:
    """After a large gradient, small ones: v forgets it, its maximum does not."""
    gradients = [[10.0]] + [[0.01]] * 50
    plain, ams = (learned(LazyAdam(beta_2=0.9, amsgrad=on), [0.0], gradients) for on in (0, 1))
    assert plain[0][0] < ams[0][0] < 0
    assert ams[1][2] > plain[1][1]


def test_many_updates_later_the_corrections_are_gone(learned: Any) -> None:
    """The count is a float: at 2^24, where it stops, they are 1 and stay so."""
    row = np.array([[1.0, 0.5, 0.25, 2.0**24]], np.float32)
    LazyAdam().update(row, np.zeros(1, np.int32), np.array([[0.5]], np.float32), 1.0)
    assert row[0, 3] == 2.0**24
    v = 0.999 * 0.25 + 0.001 * 0.25
    assert row[0, 0] == pytest.approx(1 - 1e-3 * 0.5 / v**0.5, rel=1e-6)


@pytest.mark.parametrize("bad", [{"beta_1": 1.0}, {"beta_2": 0.0}, {"epsilon": 0}])
def test_options_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        LazyAdam.model_validate(bad)
