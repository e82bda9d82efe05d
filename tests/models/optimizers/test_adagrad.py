"""AdaGrad against the scalar rule of Duchi et al. (JMLR 2011), and by hand."""

import math
from operator import mul
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.optimizers.adagrad import AdaGrad

# Whole numbers scaled: no subnormal floats, which keep fewer digits.
WEIGHT = st.integers(-100, 100).map(lambda i: i / 100)
GRADIENT = st.builds(mul, st.integers(-30, 30), st.sampled_from([0.1, 0.01, 1e-06]))
GRADIENTS = st.lists(GRADIENT, min_size=1, max_size=12)


def learn(optimizer: AdaGrad, weight: float, gradients: list[float]) -> tuple[float, float]:
    """Weight and accumulator after these gradients of one weight."""
    weights = np.array([[weight]], np.float32)
    row = np.hstack([weights, optimizer.start(weights)])
    for gradient in gradients:
        optimizer.update(row, np.zeros(1, np.int32), np.array([[gradient]], np.float32), 1.0)
    return float(row[0, 0]), float(row[0, 1])


def by_hand(optimizer: AdaGrad, weight: float, gradients: list[float]) -> tuple[float, float]:
    total = optimizer.initial_accumulator
    for g in gradients:
        total += g * g
        weight -= optimizer.learning_rate * g / (math.sqrt(total) + optimizer.epsilon)
    return weight, total


@settings(max_examples=50, deadline=None)
@given(st.floats(1e-3, 1), st.floats(0, 1), WEIGHT, GRADIENTS)
def test_update_follows_the_scalar_rule(
    rate: float, initial: float, weight: float, gradients: list[float]
) -> None:
    optimizer = AdaGrad(learning_rate=rate, initial_accumulator=initial)
    found, expected = learn(optimizer, weight, gradients), by_hand(optimizer, weight, gradients)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_worked_numbers() -> None:
    """n = 9, then 25: steps of 0.1 * 3/3 and 0.1 * 4/5."""
    optimizer = AdaGrad(learning_rate=0.1, initial_accumulator=0.0)
    assert learn(optimizer, 1.0, [3.0]) == pytest.approx((0.9, 9.0))
    assert learn(optimizer, 1.0, [3.0, 4.0]) == pytest.approx((0.82, 25.0))


def test_no_gradient_changes_nothing() -> None:
    optimizer = AdaGrad(initial_accumulator=0.0)
    assert learn(optimizer, 0.25, [0.0, 0.0]) == (0.25, 0.0)


def test_weights_of_a_row_learn_on_their_own() -> None:
    optimizer = AdaGrad(learning_rate=0.5)
    weights = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    gradient = np.array([[0.5, 0.0], [-2.0, 1.0]], np.float32)
    table = np.hstack([weights, optimizer.start(weights)])
    optimizer.update(table, np.array([0, 1], np.int32), gradient, 1.0)
    for i, j in np.ndindex(2, 2):
        alone = by_hand(optimizer, float(weights[i, j]), [float(gradient[i, j])])
        assert (float(table[i, j]), float(table[i, 2 + j])) == pytest.approx(alone, rel=1e-5)


class Row:
    """n a weight or a row, bounded or not, as they are written down."""

    def __init__(self, rule: AdaGrad, weights: Any) -> None:
        self.rule, self.weights = rule, weights
        self.n = [rule.initial_accumulator] * len(weights)

    def learn(self, gradient: Any, rate: float) -> None:
        rule, squares = self.rule, [g * g for g in gradient.tolist()]
        if rule.rowwise:
            squares = [sum(squares) / len(squares)] * len(squares)
        for i, g in enumerate(gradient.tolist()):
            self.n[i] = min(self.n[i] + squares[i], rule.max_accumulator or math.inf)
            root = math.sqrt(self.n[i]) + rule.epsilon
            self.weights[i] -= rule.learning_rate * rate * g / root


@pytest.mark.parametrize("rowwise", [False, True])
@pytest.mark.parametrize("bound", [None, 2.0])
def test_it_follows_the_paper(follow: Any, rowwise: bool, bound: float | None) -> None:
    rule = AdaGrad(learning_rate=0.1, rowwise=rowwise, max_accumulator=bound)
    table = follow(rule, lambda weights: Row(rule, weights))
    assert table.storage.shape[1] == 3 + (1 if rowwise else 3)
    assert (table.storage[:, 3:].max() == 2.0) == (bound is not None)


def test_worked_numbers_of_a_row(learned: Any) -> None:
    """n = (9 + 16) / 2 = 12.5, then bounded: 12.5 + 12.5 is 16, whose root is 4."""
    rule = AdaGrad(learning_rate=0.1, initial_accumulator=0.0, rowwise=True, max_accumulator=16.0)
    weights, state = learned(rule, [1.0, 1.0], [[3.0, 4.0], [3.0, 4.0]])
    assert state.tolist() == [16.0]
    steps = 0.1 / math.sqrt(12.5) + 0.1 / 4
    assert weights == pytest.approx([1 - 3 * steps, 1 - 4 * steps])


def test_rows_of_one_weight_are_the_same_either_way(learned: Any) -> None:
    gradients = np.random.default_rng(0).normal(size=(9, 1))
    one, other = (learned(AdaGrad(rowwise=on), [0.5], gradients) for on in (False, True))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "bad",
    [
        {"max_accumulator": 0},
        {"learning_rate": 0},
        {"initial_accumulator": -1},
        {"epsilon": 0},
        {"rate": 1},
    ],
)
def test_options_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        AdaGrad.model_validate(bad)
