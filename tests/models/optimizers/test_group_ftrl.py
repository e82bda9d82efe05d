"""Group FTRL against the formulas of Ni et al. (CIKM 2019), the penalty it minimises, its laws."""

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.optimize import minimize

from models.optimizers.group_ftrl import GroupFtrl


class Row:
    """As the paper writes it, plain floats; it has no l1 and l2."""

    def __init__(self, rule: GroupFtrl, weights: Any) -> None:
        self.rule, self.weights, self.n = rule, weights, 0.0

    def learn(self, gradient: Any, rate: float) -> None:
        self.n += max(g * g for g in gradient.tolist())
        lr = rate * self.rule.learning_rate / (self.rule.beta + math.sqrt(self.n))
        z = [g - w / lr for g, w in zip(gradient.tolist(), self.weights.tolist(), strict=True)]
        norm = math.sqrt(sum(one * one for one in z))
        if norm <= self.rule.l21:
            self.weights = np.zeros_like(self.weights)
            return
        scale = -lr * (norm - self.rule.l21) / norm
        self.weights = np.array([scale * one for one in z])


@pytest.mark.parametrize("l21", [0.0, 0.1, 1.0])
def test_it_follows_the_paper(follow: Any, l21: float) -> None:
    rule = GroupFtrl(learning_rate=0.3, beta=0.5, l21=l21)
    table = follow(rule, lambda weights: Row(rule, weights))
    zero = (table.weights == 0).all(axis=1)
    assert zero.any() == (l21 == 1.0)


def test_worked_numbers(learned: Any) -> None:
    """n = 16, lr' = 1 / (1 + 4); z = (3, 4) - 5 (0, 0), 5 long; w = -0.2 (5 - 2) / 5 z."""
    rule = GroupFtrl(learning_rate=1.0, beta=1.0, l21=2.0)
    weights, state = learned(rule, [0.0, 0.0], [[3.0, 4.0]])
    assert weights == pytest.approx([-0.36, -0.48])
    assert state.tolist() == [16.0]


@pytest.mark.parametrize("penalties", [{"l21": 0.3}, {"l1": 0.1, "l21": 0.2, "l2": 0.5}])
def test_a_step_minimises_what_it_should(learned: Any, penalties: dict[str, float]) -> None:
    """g w + |w - w_t|^2 / 2 lr' + the penalties, by a general minimiser."""
    rule = GroupFtrl(learning_rate=0.5, beta=1.0, **penalties)
    random = np.random.default_rng(3)
    for _ in range(5):
        start, gradient = random.normal(0, 0.5, 3), random.normal(0, 0.5, 3)
        lr = 0.5 / (1 + np.abs(gradient).max())

        def cost(w: Any, start: Any = start, gradient: Any = gradient, lr: float = lr) -> float:
            near = gradient @ w + ((w - start) ** 2).sum() / (2 * lr)
            group = rule.l1 * np.abs(w).sum() + rule.l21 * np.linalg.norm(w)
            return float(near + group + rule.l2 / 2 * (w**2).sum())

        found = learned(rule, start, [gradient])[0]
        options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 10_000}
        best = minimize(cost, start, method="Nelder-Mead", options=options)
        assert cost(found) == pytest.approx(best.fun, abs=1e-6)
        np.testing.assert_allclose(found, best.x, atol=2e-3)


def test_rows_die_as_a_whole_and_come_back(learned: Any) -> None:
    """Of no use, then of use again: all weights to exactly zero together, then none."""
    rule = GroupFtrl(learning_rate=0.5, beta=1.0, l21=0.5)
    idle = np.random.default_rng(0).normal(0, 0.01, (20, 4))
    start = [0.3, -0.2, 0.1, 0.4]
    norms = [learned(rule, start, idle[:steps])[0] for steps in range(1, 21)]
    assert {int(np.count_nonzero(row)) for row in norms} == {0, 4}
    assert not norms[-1].any()
    again = learned(rule, start, [*idle, np.full(4, 0.4)])[0]  # 0.8 long, above 0.5
    assert (again < 0).all()
    assert not learned(rule, start, [*idle, np.full(4, 0.2)])[0].any()  # 0.4 long


def test_no_gradient_only_shrinks(learned: Any) -> None:
    """By lr / beta l21 along the row; without penalties not at all."""
    assert learned(GroupFtrl(), [0.25, 3.0], [[0.0, 0.0]])[0].tolist() == [0.25, 3.0]
    shrunk = learned(GroupFtrl(learning_rate=0.5, beta=1.0, l21=1.0), [3.0, 4.0], [[0.0, 0.0]])[0]
    assert shrunk == pytest.approx([3.0 * 0.9, 4.0 * 0.9])


def test_a_rate_of_zero_moves_nothing(learned: Any) -> None:
    rule = GroupFtrl(l1=0.1, l21=0.1, l2=0.1)
    assert learned(rule, [0.25, 3.0], [[1.0, 2.0]], 0.0)[0].tolist() == [0.25, 3.0]


@pytest.mark.parametrize("bad", [{"beta": 0}, {"l1": -1}, {"l21": -1}, {"l2": -1}])
def test_options_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        GroupFtrl.model_validate(bad)
