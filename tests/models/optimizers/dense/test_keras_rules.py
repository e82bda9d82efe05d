"""SGD, RMSProp, Adam and AdamW: that what tf-keras computes is what the declarations say."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from models.optimizers.dense.adam import Adam, AdamW
from models.optimizers.dense.rmsprop import RMSProp
from models.optimizers.dense.sgd import SGD


class Momentum:
    def __init__(self, rule: SGD, weights: Any) -> None:
        self.rule, self.weights, self.v = rule, weights, np.zeros_like(weights)

    def learn(self, gradient: Any, rate: float) -> None:
        rule, step = self.rule, self.rule.learning_rate * rate * gradient
        self.v = rule.momentum * self.v - step
        self.weights = self.weights + (rule.momentum * self.v - step if rule.nesterov else self.v)


class MeanSquare:
    def __init__(self, rule: RMSProp, weights: Any) -> None:
        self.rule, self.weights = rule, weights
        self.mean, self.square, self.move = (np.zeros_like(weights) for _ in range(3))

    def learn(self, gradient: Any, rate: float) -> None:
        rule = self.rule
        self.mean = rule.rho * self.mean + (1 - rule.rho) * gradient
        self.square = rule.rho * self.square + (1 - rule.rho) * gradient**2
        spread = self.square - (self.mean**2 if rule.centered else 0)
        step = rule.learning_rate * rate * gradient / np.sqrt(spread + rule.epsilon)
        self.move = rule.momentum * self.move + step
        self.weights = self.weights - self.move


class Moments:
    def __init__(self, rule: Adam | AdamW, weights: Any) -> None:
        self.rule, self.weights, self.t = rule, weights, 0
        self.m, self.v, self.largest = (np.zeros_like(weights) for _ in range(3))

    def learn(self, gradient: Any, rate: float) -> None:
        rule, lr = self.rule, self.rule.learning_rate * rate
        self.t += 1
        if isinstance(rule, AdamW):
            self.weights = self.weights - lr * rule.weight_decay * self.weights
        self.m = rule.beta_1 * self.m + (1 - rule.beta_1) * gradient
        self.v = rule.beta_2 * self.v + (1 - rule.beta_2) * gradient**2
        self.largest = np.maximum(self.largest, self.v)
        v = self.largest if rule.amsgrad else self.v
        alpha = lr * np.sqrt(1 - rule.beta_2**self.t) / (1 - rule.beta_1**self.t)
        self.weights = self.weights - alpha * self.m / (np.sqrt(v) + rule.epsilon)


@pytest.mark.parametrize(
    "rule", [SGD(), SGD(momentum=0.9), SGD(momentum=0.9, nesterov=True)], ids=str
)
def test_sgd(follow: Any, rule: SGD) -> None:
    follow(rule, lambda weights: Momentum(rule, weights))


@pytest.mark.parametrize(
    "rule", [RMSProp(), RMSProp(rho=0.5, momentum=0.5, epsilon=0.1, centered=True)], ids=str
)
def test_rmsprop(follow: Any, rule: RMSProp) -> None:
    follow(rule, lambda weights: MeanSquare(rule, weights))


@pytest.mark.parametrize(
    "rule",
    [
        Adam(learning_rate=0.01),
        Adam(beta_1=0.5, beta_2=0.7, epsilon=0.01, amsgrad=True),
        AdamW(learning_rate=0.01, weight_decay=0.5),
    ],
    ids=str,
)
def test_adam(follow: Any, rule: Adam | AdamW) -> None:
    follow(rule, lambda weights: Moments(rule, weights))


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (SGD, {"nesterov": True}),
        (RMSProp, {"rho": 1.0}),
        (Adam, {"beta_2": 1.0}),
        (AdamW, {"weight_decay": -1}),
    ],
)
def test_options_out_of_range_are_refused(kind: Any, bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        kind.model_validate(bad)
