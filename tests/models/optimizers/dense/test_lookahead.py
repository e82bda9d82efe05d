"""Lookahead against Algorithm 1 of Zhang et al. (NeurIPS 2019)."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from models.optimizers.dense.lookahead import Lookahead
from models.optimizers.dense.sgd import SGD


class Weight:
    """Around gradient descent with momentum, which the meeting does not reset."""

    def __init__(self, rule: Lookahead, weights: Any) -> None:
        self.rule, self.weights, self.slow, self.t = rule, weights, weights, 0
        self.v = np.zeros_like(weights)

    def learn(self, gradient: Any, rate: float) -> None:
        inner = self.rule.inner
        assert isinstance(inner, SGD)
        self.v = inner.momentum * self.v - inner.learning_rate * rate * gradient
        self.weights = self.weights + self.v
        self.t += 1
        if self.t % self.rule.steps == 0:
            self.slow = self.slow + self.rule.alpha * (self.weights - self.slow)
            self.weights = self.slow


@pytest.mark.parametrize(("steps", "alpha"), [(1, 0.5), (5, 0.5), (3, 0.8), (100, 0.5)])
def test_it_follows_the_paper(follow: Any, steps: int, alpha: float) -> None:
    rule = Lookahead(inner=SGD(learning_rate=0.05, momentum=0.9), steps=steps, alpha=alpha)
    follow(rule, lambda weights: Weight(rule, weights))


def test_all_the_way_it_is_what_it_wraps(
    network: Callable[[], list[Any]], stepper: Callable[..., Callable[[int], None]]
) -> None:
    inner = SGD(momentum=0.5)
    rules = [inner, Lookahead(inner=inner, alpha=1.0, steps=2)]
    trained = []
    for rule in rules:
        weights = network()
        step = stepper(rule, rule.build(), weights)
        for number in range(6):
            step(number)
        trained.append(weights)
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "bad", [{"steps": 0}, {"alpha": 0}, {"inner": {"type": "lookahead"}}, {"learning_rate": 1}]
)
def test_options_out_of_range_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        Lookahead.model_validate(bad)
