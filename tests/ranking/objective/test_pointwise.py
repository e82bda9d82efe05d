"""The likelihood of clicks one by one: its derivatives, and where it is largest."""

from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError, DataError
from ranking.objective.pointwise import Pointwise
from ranking.query_data import QueryData

EXAMINED = [1.0, 0.5, 0.2]
SCORES = np.array([0.3, -1.0, 2.0, 0.0, 0.7, -3.0])


def _data(click: Any, weight: Any = None, position: Any = (0, 1, 2, 0, 1, 2)) -> QueryData:
    return QueryData.of(np.zeros((6, 1), np.float32), np.array(click), [0] * 3 + [1] * 3, position,
                        weight)  # fmt: skip


def _loss(click: Any, scores: Any) -> Any:
    chance = np.tile(EXAMINED, 2) / (1 + np.exp(-scores))
    return -np.where(click, np.log(chance), np.log(1 - chance))


@pytest.mark.parametrize("click", [[0] * 5 + [1], [1, 0, 1, 0, 1, 0]])
def test_the_gradient_is_the_derivative_of_the_likelihood(click: list[int]) -> None:
    gradient, _ = Pointwise(_data(click), EXAMINED)(SCORES)
    slope = (_loss(click, SCORES + 1e-5) - _loss(click, SCORES - 1e-5)) / 2e-5
    np.testing.assert_allclose(gradient, slope, rtol=1e-4)


def test_the_hessian_is_the_expected_square_of_the_gradient() -> None:
    chance = np.tile(EXAMINED, 2) / (1 + np.exp(-SCORES))
    clicked, hessian = Pointwise(_data([1] * 6), EXAMINED)(SCORES)
    missed, _ = Pointwise(_data([0] * 6), EXAMINED)(SCORES)
    np.testing.assert_allclose(hessian, chance * clicked**2 + (1 - chance) * missed**2, rtol=1e-5)


def test_a_query_counts_by_its_weight() -> None:
    plain = Pointwise(_data([1, 0, 0, 0, 1, 0]), EXAMINED)(SCORES)
    heavy = Pointwise(_data([1, 0, 0, 0, 1, 0], [1] * 3 + [3] * 3), EXAMINED)(SCORES)
    for one, other in zip(plain, heavy, strict=True):
        np.testing.assert_allclose(other / one, [1, 1, 1, 3, 3, 3], rtol=1e-6)


def test_what_was_given_is_its_bias_and_beyond_it_the_last_value_holds() -> None:
    short = Pointwise(_data([0] * 6), [1, 0.5])
    assert short.bias == {"examination": [1, 0.5]}
    long = Pointwise(_data([0] * 6), [1, 0.5, 0.5])
    np.testing.assert_array_equal(short(SCORES)[0], long(SCORES)[0])


@pytest.mark.parametrize("examination", [[], [1, 0], [1.1], [np.nan], [[1]]])
def test_what_is_no_probability_is_refused(examination: Any) -> None:
    with pytest.raises(DataError, match="a probability above 0 for each position"):
        Pointwise(_data([0] * 6), examination)


def test_rows_without_positions_and_grades_are_refused() -> None:
    with pytest.raises(ConfigError, match="position of each row; there is none"):
        Pointwise(_data([0] * 6, position=None), EXAMINED)
    with pytest.raises(DataError, match="must be 0 or 1.*0 to 2"):
        Pointwise(_data([0, 1, 2, 0, 0, 0]), EXAMINED)
