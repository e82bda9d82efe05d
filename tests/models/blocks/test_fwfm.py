"""The field-weighted factorization machine against the sum over pairs."""

from itertools import combinations

import numpy as np
import pytest

from models.blocks.fm import FactorizationMachine
from models.blocks.fwfm import FieldWeighted
from tests.models.blocks.interactions import randomise

X = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)


def test_it_is_the_weighted_sum_over_pairs_in_order() -> None:
    block = FieldWeighted()
    block(X)
    randomise(block)
    (strengths,) = block.get_weights()
    expected = sum(
        r * (X[:, i] * X[:, j]).sum(1, keepdims=True)
        for r, (i, j) in zip(strengths, combinations(range(4), 2), strict=True)
    )
    np.testing.assert_allclose(block(X), expected, rtol=1e-4, atol=1e-5)


def test_at_equal_strengths_it_is_a_factorization_machine() -> None:
    block = FieldWeighted()
    block(X)
    block.set_weights([np.ones(6)])
    np.testing.assert_allclose(block(X), FactorizationMachine()(X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("fields", [0, 1])
def test_without_pairs_it_is_zero(fields: int) -> None:
    block = FieldWeighted()
    np.testing.assert_array_equal(block(X[:, :fields]), np.zeros((5, 1)))
    assert not block.weights
