"""SGD with momentum against Sutskever et al. (ICML 2013), by hand, and its laws."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from models.optimizers.sgd import SGD


class Row:
    """Equations 1 and 2, and for Nesterov 3 and 4 seen from the point the gradient is taken at.

    They keep theta and take the gradient at theta + mu v; the weights are that point.
    """

    def __init__(self, rule: SGD, weights: Any) -> None:
        self.rule, self.theta, self.velocity = rule, weights, np.zeros_like(weights)

    @property
    def weights(self) -> Any:
        if self.rule.nesterov:
            return self.theta + self.rule.momentum * self.velocity
        return self.theta

    def learn(self, gradient: Any, rate: float) -> None:
        step = self.rule.learning_rate * rate
        self.velocity = self.rule.momentum * self.velocity - step * gradient
        self.theta = self.theta + self.velocity


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_it_follows_the_paper(follow: Any, momentum: float, nesterov: bool) -> None:
    rule = SGD(learning_rate=0.05, momentum=momentum, nesterov=nesterov and momentum > 0)
    follow(rule, lambda weights: Row(rule, weights))


def test_worked_numbers(learned: Any) -> None:
    """v = -0.1, then -0.5 * 0.1 - 0.2; Nesterov adds 0.5 v - lr g: -0.15, then -0.325."""
    weights, state = learned(SGD(learning_rate=0.1, momentum=0.5), [1.0], [[1.0], [2.0]])
    assert (weights[0], state[0]) == pytest.approx((1 - 0.1 - 0.25, -0.25))
    nesterov = SGD(learning_rate=0.1, momentum=0.5, nesterov=True)
    assert learned(nesterov, [1.0], [[1.0], [2.0]])[0][0] == pytest.approx(1 - 0.15 - 0.325)


def test_no_gradient_moves_by_the_momentum_alone(learned: Any) -> None:
    assert learned(SGD(), [0.25, 3.0], [[0.0, 0.0]])[0].tolist() == [0.25, 3.0]
    rolling = SGD(learning_rate=0.1, momentum=0.5)
    assert learned(rolling, [0.0], [[1.0], [0.0]])[0][0] == pytest.approx(-0.15)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"momentum": 1.0}, "momentum"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"nesterov": True}, "needs `momentum` above 0"),
    ],
)
def test_options_out_of_range_are_refused(bad: dict[str, float], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SGD.model_validate(bad)
