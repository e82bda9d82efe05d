"""RMSProp against the lecture's rule, by hand, and its laws."""

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from models.optimizers.rmsprop import RMSProp


class Row:
    """Tieleman & Hinton (2012): divide by the root of a running mean of squares."""

    def __init__(self, rule: RMSProp, weights: Any) -> None:
        self.rule, self.weights = rule, weights
        self.mean = [rule.initial_accumulator] * len(weights)

    def learn(self, gradient: Any, rate: float) -> None:
        for i, g in enumerate(gradient.tolist()):
            self.mean[i] = self.rule.rho * self.mean[i] + (1 - self.rule.rho) * g**2
            root = math.sqrt(self.mean[i]) + self.rule.epsilon
            self.weights[i] -= self.rule.learning_rate * rate * g / root


@pytest.mark.parametrize(
    "rule",
    [RMSProp(learning_rate=0.01), RMSProp(rho=0.99, initial_accumulator=0.1, epsilon=0.01)],
    ids=str,
)
def test_it_follows_the_paper(follow: Any, rule: RMSProp) -> None:
    follow(rule, lambda weights: Row(rule, weights))


def test_worked_numbers(learned: Any) -> None:
    """rho = 0.75: v = 4, then 3 + 4: steps of 0.1 * 4/2 and 0.1 * 4/sqrt(7)."""
    weights, state = learned(RMSProp(learning_rate=0.1, rho=0.75), [1.0], [[4.0], [4.0]])
    assert state[0] == pytest.approx(7.0)
    assert weights[0] == pytest.approx(1 - 0.2 - 0.4 / math.sqrt(7))


def test_no_gradient_moves_nothing_and_the_mean_decays(learned: Any) -> None:
    weights, state = learned(RMSProp(rho=0.5, initial_accumulator=4.0), [0.25], [[0.0], [0.0]])
    assert (weights.tolist(), state.tolist()) == ([0.25], [1.0])


def test_the_size_of_gradients_does_not_matter(learned: Any) -> None:
    gradients = np.random.default_rng(0).normal(size=(20, 2))
    small, large = (learned(RMSProp(), [0.1, 0.2], gradients * by)[0] for by in (1e-2, 1e2))
    np.testing.assert_allclose(small, large, rtol=1e-4)


@pytest.mark.parametrize("bad", [{"rho": 1.0}, {"epsilon": 0}, {"initial_accumulator": -1}])
def test_options_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        RMSProp.model_validate(bad)
