"""Runs a rule through a table, and its paper's pseudo-code beside it, one row a time."""

from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pytest

from models.optimizers.optimizer import SparseOptimizer
from models.table import Table
from models.touched import Distinct

Row = npt.NDArray[np.float64]
ROWS, DIM, STEPS, USES = 30, 3, 60, 20


class Reference(Protocol):
    """One row of weights, and what a step by a gradient at a rate makes of it."""

    weights: Row

    def learn(self, gradient: Row, rate: float, /) -> None: ...


def follow_paper(rule: SparseOptimizer, start: Callable[[Row], Reference]) -> Table:
    """Many steps of batches that name rows more than once, compared after each.

    Rows that a batch does not name must keep weights and state bit for bit.
    """
    table = Table(ROWS, DIM, rule, stddev=0.3, seed=1)
    references = [start(row.astype(np.float64)) for row in table.weights]

    distinct, random = Distinct(ROWS), np.random.default_rng(0)
    for _ in range(STEPS):
        before = table.storage
        ids = (ROWS * random.random(USES) ** 3).astype(np.int32)  # the first rows most often
        gradients = random.normal(0.1, 0.5, (USES, DIM)).astype(np.float32)
        rate = float(random.choice([0.25, 0.5, 1.0, 2.0]))
        touched = distinct(ids)
        table.push(touched.rows, touched.sum(gradients), rate)
        total: dict[int, Row] = defaultdict(lambda: np.zeros(DIM))
        for i, gradient in zip(ids.tolist(), gradients.astype(np.float64), strict=True):
            total[i] += gradient
        assert len(total) < USES
        for i, gradient in total.items():
            references[i].learn(gradient, rate)
        untouched = np.delete(np.arange(ROWS), list(total))
        np.testing.assert_array_equal(table.storage[untouched], before[untouched])
        expected = np.array([one.weights for one in references])
        np.testing.assert_allclose(table.weights, expected, rtol=2e-4, atol=2e-5)
    return table


def learn(
    rule: SparseOptimizer, weights: npt.ArrayLike, gradients: npt.ArrayLike, rate: float = 1.0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Weights and state of one row after gradients (steps, dim)."""
    now = np.asarray(weights, np.float32)[None]
    row, dim = np.concatenate([now, rule.start(now)], axis=1), now.shape[1]
    for gradient in np.asarray(gradients, np.float32):
        rule.update(row, np.zeros(1, np.int32), gradient[None], rate)
    return row[0, :dim], row[0, dim:]


@pytest.fixture(scope="session")
def follow() -> Callable[[SparseOptimizer, Callable[[Row], Reference]], Table]:
    return follow_paper


@pytest.fixture(scope="session")
def learned() -> Callable[..., tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    return learn
