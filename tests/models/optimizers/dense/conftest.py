"""Runs a dense rule through its optimizer, in a graph, beside its paper's pseudo-code."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pytest

from models.keras import tf
from models.optimizers.dense.registry import Dense

Array = npt.NDArray[np.float64]
SHAPES = [(4, 3), (3,), (2, 5)]


class Reference(Protocol):
    """One weight of a network, and what a step by a gradient at a rate makes of it."""

    weights: Array

    def learn(self, gradient: Array, rate: float) -> None: ...


def make_weights() -> list[Any]:
    random = np.random.default_rng(5)
    drawn = [random.normal(size=shape).astype(np.float32) for shape in SHAPES]
    drawn[1][:] = 0  # as biases start
    return [tf.Variable(one) for one in drawn]


def make_step(rule: Dense, optimizer: Any, weights: list[Any]) -> Callable[[int], None]:
    """A step of the trainer's kind by gradients that its number decides, as a graph."""
    optimizer.build(weights)

    @tf.function
    def apply(gradients: Any, rate: Any) -> None:
        optimizer.learning_rate.assign(rule.learning_rate * rate)
        optimizer.apply_gradients(zip(gradients, weights, strict=True))

    def step(number: int) -> None:
        gradients, rate = draw(number)
        apply([tf.constant(one) for one in gradients], tf.constant(rate))

    return step


def draw(number: int) -> tuple[list[npt.NDArray[np.float32]], float]:
    random = np.random.default_rng((7, number))
    found = [random.normal(0.2, 1, shape).astype(np.float32) for shape in SHAPES]
    return found, [1.0, 0.5, 2.0][number % 3]


def follow_paper(rule: Dense, start: Callable[[Array], Reference]) -> None:
    weights = make_weights()
    references = [start(one.numpy().astype(np.float64)) for one in weights]
    step = make_step(rule, rule.build(), weights)
    for number in range(25):
        step(number)
        gradients, rate = draw(number)
        for one, gradient, found in zip(references, gradients, weights, strict=True):
            one.learn(gradient.astype(np.float64), rate)
            np.testing.assert_allclose(found, one.weights, rtol=2e-4, atol=2e-5)


@pytest.fixture(scope="session")
def follow() -> Callable[[Dense, Callable[[Array], Reference]], None]:
    return follow_paper


@pytest.fixture(scope="session")
def network() -> Callable[[], list[Any]]:
    """Fresh weights, always the same."""
    return make_weights


@pytest.fixture(scope="session")
def stepper() -> Callable[[Dense, Any, list[Any]], Callable[[int], None]]:
    return make_step
