"""FTRL-Proximal against Algorithm 1 of McMahan et al. (KDD 2013), by hand, and its laws."""

from operator import mul
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.optimizers.ftrl import Ftrl

# Whole numbers scaled: no subnormal floats, which keep fewer digits.
WEIGHT = st.integers(-100, 100).map(lambda i: i / 100)
GRADIENT = st.builds(mul, st.integers(-30, 30), st.sampled_from([0.1, 0.01, 1e-05]))
GRADIENTS = st.lists(GRADIENT, min_size=1, max_size=12)
OPTIONS = st.builds(
    Ftrl,
    learning_rate=st.floats(0.01, 1),
    beta=st.floats(0.1, 2),
    l1=st.one_of(st.just(0.0), st.floats(0, 1)),
    l2=st.one_of(st.just(0.0), st.floats(0, 1)),
)


def learn(optimizer: Ftrl, weight: float, gradients: list[float]) -> list[float]:
    """The weight after each of these gradients."""
    weights = np.array([[weight]], np.float32)
    row = np.hstack([weights, optimizer.start(weights)])
    path = []
    for gradient in gradients:
        optimizer.update(row, np.zeros(1, np.int32), np.array([[gradient]], np.float32), 1.0)
        path.append(float(row[0, 0]))
    return path


@settings(max_examples=50, deadline=None)
@given(OPTIONS, WEIGHT, GRADIENTS)
def test_update_follows_algorithm_1(
    scalar_ftrl: Any, optimizer: Ftrl, weight: float, gradients: list[float]
) -> None:
    reference = scalar_ftrl(
        optimizer.learning_rate, optimizer.beta, optimizer.l1, optimizer.l2, weight
    )
    expected = []
    for g in gradients:
        reference.learn(g)
        expected.append(reference.weight)
    assert learn(optimizer, weight, gradients) == pytest.approx(expected, rel=1e-3, abs=2e-5)


def test_worked_numbers() -> None:
    """g = 1: n = 1, z = 1, w = -(1 - 0.1) / ((1 + 1) / 0.5 + 0.2) = -0.9 / 4.2.

    g = 0.5: n = 1.25, s = (1.118034 - 1) / 0.5, z = 1 + 0.5 - s w = 1.550586,
    w = -1.450586 / (2.118034 / 0.5 + 0.2).
    """
    optimizer = Ftrl(learning_rate=0.5, beta=1.0, l1=0.1, l2=0.2)
    assert learn(optimizer, 0.0, [1.0, 0.5]) == pytest.approx([-0.2142857, -0.3269982], rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(OPTIONS, WEIGHT)
def test_first_step_keeps_the_initialiser(optimizer: Ftrl, weight: float) -> None:
    """No gradient, no move: the weight is not thrown away for the solution of an empty z."""
    assert learn(optimizer, weight, [0.0]) == pytest.approx([weight], rel=1e-4, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 1), st.floats(0.1, 2), WEIGHT, GRADIENTS)
def test_without_penalties_it_is_a_step_down_the_gradient(
    rate: float, beta: float, weight: float, gradients: list[float]
) -> None:
    """w -= rate g / (beta + sqrt(n)): what Algorithm 1 comes to where l1 = l2 = 0."""
    expected: list[float] = []
    total = 0.0
    for g in gradients:
        total += g * g
        weight_before = expected[-1] if expected else weight
        expected.append(weight_before - rate * g / (beta + total**0.5))
    found = learn(Ftrl(learning_rate=rate, beta=beta), weight, gradients)
    assert found == pytest.approx(expected, rel=1e-3, abs=2e-5)


def test_l1_sets_weights_without_evidence_to_exactly_zero(learned: Any) -> None:
    """Noise of mean zero stays within l1; a steady gradient does not."""
    noise = np.random.default_rng(0).choice([-0.1, 0.1], (40, 50)).astype(np.float32)
    noise[:, 0] = 0.2
    found, _ = learned(Ftrl(l1=2.0), [0.01] * 50, noise)
    assert found[0] < 0.0
    assert (found[1:] == 0.0).sum() > 10
    assert (learned(Ftrl(l1=0.0), [0.01] * 50, noise)[0] != 0.0).all()


def test_l2_shrinks() -> None:
    free, penalised = (learn(Ftrl(l2=l2), 0.0, [-1.0, -1.0])[-1] for l2 in (0.0, 10.0))
    assert 0 < penalised < free


class Row:
    """A `ScalarFtrl` a weight; whatever the rate, as the step size is its own schedule."""

    def __init__(self, columns: list[Any]) -> None:
        self.columns = columns

    @property
    def weights(self) -> Any:
        return np.array([one.weight for one in self.columns])

    def learn(self, gradient: Any, _: float) -> None:
        for one, g in zip(self.columns, gradient.tolist(), strict=True):
            one.learn(g)


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (1.5, 0.0), (0.5, 0.2)])
def test_it_follows_the_paper(follow: Any, scalar_ftrl: Any, l1: float, l2: float) -> None:
    rule = Ftrl(learning_rate=0.3, beta=0.5, l1=l1, l2=l2)
    table = follow(rule, lambda row: Row([scalar_ftrl(0.3, 0.5, l1, l2, w) for w in row]))
    assert (table.weights == 0).any() == (l1 > 0)


@pytest.mark.parametrize("bad", [{"beta": 0}, {"l1": -1}, {"l2": -1}, {"learning_rate": 0}])
def test_options_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        Ftrl.model_validate(bad)
