"""The factorization machine against the sum over pairs that it stands for."""

from itertools import combinations

import numpy as np
import pytest

from models.blocks.fm import FactorizationMachine

X = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)


def test_worked_numbers() -> None:
    """<(1, 2), (3, 4)> = 11, of which 1 * 3 and 2 * 4 are the elements."""
    vectors = np.array([[[1.0, 2.0], [3.0, 4.0]]], np.float32)
    np.testing.assert_array_equal(FactorizationMachine()(vectors), [[11.0]])
    np.testing.assert_array_equal(FactorizationMachine(pooled=True)(vectors), [[3.0, 8.0]])


def test_it_is_the_sum_over_pairs() -> None:
    pairs = sum(X[:, i] * X[:, j] for i, j in combinations(range(4), 2))
    np.testing.assert_allclose(FactorizationMachine(pooled=True)(X), pairs, rtol=1e-5, atol=1e-6)
    expected = np.sum(pairs, 1, keepdims=True)
    np.testing.assert_allclose(FactorizationMachine()(X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("fields", [0, 1])
@pytest.mark.parametrize("pooled", [False, True])
def test_without_pairs_it_is_zero(fields: int, pooled: bool) -> None:
    found = FactorizationMachine(pooled=pooled)(X[:, :fields])
    np.testing.assert_array_equal(found, np.zeros((5, 3 if pooled else 1)))


def test_the_order_of_the_fields_is_no_matter() -> None:
    block = FactorizationMachine()
    np.testing.assert_allclose(block(X[:, ::-1]), block(X), rtol=1e-5, atol=1e-6)
