"""Group AdaGrad against Algorithm 1 of Yue et al. (ECML 2021), and its laws."""

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from models.optimizers.ftrl import Ftrl
from models.optimizers.group_adagrad import GroupAdaGrad


class Row:
    """Plain floats; z set to start at the weights. lambda_2 of the paper is l2 / 2."""

    def __init__(self, rule: GroupAdaGrad, weights: Any) -> None:
        self.rule, self.weights, self.n = rule, weights, [0.0] * len(weights)
        self.threshold = rule.l21 * math.sqrt(len(weights))
        scale = rule.beta / rule.learning_rate + rule.l2
        size = scale * math.sqrt(sum(w * w for w in weights))
        grown = scale * (1 + self.threshold / size)
        self.z = [-w * grown - math.copysign(rule.l1, w) for w in weights.tolist()]

    def learn(self, gradient: Any, _: float) -> None:
        rule = self.rule
        for i, g in enumerate(gradient.tolist()):
            after = self.n[i] + g * g
            q = (math.sqrt(after) - math.sqrt(self.n[i])) / rule.learning_rate
            self.z[i] += g - q * self.weights[i]
            self.n[i] = after
        s = [0.0 if abs(z) <= rule.l1 else math.copysign(rule.l1, z) - z for z in self.z]
        norm = math.sqrt(sum(one * one for one in s))
        kept = max(1 - self.threshold / norm, 0.0) if norm else 0.0
        roots = [(rule.beta + math.sqrt(n)) / rule.learning_rate + rule.l2 for n in self.n]
        self.weights = np.array([kept * one / root for one, root in zip(s, roots, strict=True)])


@pytest.mark.parametrize(
    "rule",
    [
        GroupAdaGrad(learning_rate=0.3, l21=0.0),
        GroupAdaGrad(learning_rate=0.3, l21=0.2),
        GroupAdaGrad(learning_rate=0.2, beta=0.5, l1=0.3, l21=6.0, l2=0.1),
    ],
    ids=str,
)
def test_it_follows_the_paper(follow: Any, rule: GroupAdaGrad) -> None:
    table = follow(rule, lambda weights: Row(rule, weights))
    assert (table.weights == 0).all(axis=1).any() == (rule.l21 == 6.0)


@pytest.mark.parametrize("l1", [0.0, 0.1])
def test_without_a_group_penalty_it_is_ftrl(learned: Any, l1: float) -> None:
    gradients = np.random.default_rng(0).normal(size=(30, 4))
    options = {"learning_rate": 0.1, "beta": 0.3, "l1": l1, "l2": 0.2}
    one, other = (learned(rule(**options), [0.1] * 4, gradients) for rule in (GroupAdaGrad, Ftrl))
    for found, expected in zip(one, other, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_first_step_keeps_the_initialiser(learned: Any) -> None:
    rule = GroupAdaGrad(beta=1.0, l1=0.3, l21=0.7, l2=0.1)
    for weights in ([0.01, -0.2, 0.0, 3.0], [0.0, 0.0, 0.0, 0.0]):
        assert learned(rule, weights, [[0.0] * 4])[0] == pytest.approx(weights, abs=1e-6)


def test_rows_die_as_a_whole_and_come_back(learned: Any) -> None:
    """Pulled towards zero by 0.3 a step; what then pulls on has to outweigh the penalty."""
    rule = GroupAdaGrad(learning_rate=0.1, l21=3.0)
    start, pull = [0.05] * 4, [[0.3] * 4]
    path = [learned(rule, start, pull * steps)[0] for steps in range(1, 60)]
    sizes = [int(np.count_nonzero(row)) for row in path]
    first = sizes.index(0)
    assert set(sizes) == {0, 4}
    assert all(row[0] > 0 for row in path[:first])
    assert all(row[0] < 0 for row in path[first + sizes.count(0) :])


@pytest.mark.parametrize("bad", [{"beta": 0}, {"l1": -1}, {"l21": -1}, {"l2": -1}])
def test_options_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        GroupAdaGrad.model_validate(bad)
