"""The order of scores: falling and stable."""

import numpy as np
import pytest

from ranking.objective.sort import falling


@pytest.mark.parametrize("rows", [0, 1, 2, 15, 16, 17, 32, 33, 100, 1000])
@pytest.mark.parametrize("kinds", [1, 3, 10_000])
def test_it_is_the_stable_falling_order(rows: int, kinds: int) -> None:
    keys = np.random.default_rng(rows).integers(0, kinds, rows).astype(np.float32)
    np.testing.assert_array_equal(falling(keys), np.argsort(-keys, kind="stable"))


def test_scores_that_are_no_numbers_leave_every_row_in_once() -> None:
    keys = np.random.default_rng(0).random(100).astype(np.float32)
    keys[::3] = np.nan
    assert sorted(falling(keys).tolist()) == list(range(100))
