"""Sums by position, whole and in parts."""

import numpy as np

from ranking.objective.positions import at_depth, position_sums


def test_sums_by_hand() -> None:
    position = at_depth(np.array([0, 2, 7, 2], np.int32), 3)
    sums = position_sums(position, 3, np.array([1.0, 2, 4, 8]), np.ones(4))
    assert sums.tolist() == [[1, 0, 14], [1, 0, 3]]


def test_parts_add_up_to_the_whole() -> None:
    random = np.random.default_rng(0)
    position, values = random.integers(0, 5, 90), random.random(90)
    parts = [position_sums(position[i : i + 30], 5, values[i : i + 30]) for i in (0, 30, 60)]
    np.testing.assert_allclose(sum(parts), position_sums(position, 5, values))
