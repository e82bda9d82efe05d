"""Inverse propensity weighting: what a click counts, and when it counts as one."""

from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError, DataError
from ranking.objective.ipw import IPW
from ranking.objective.lambdas import Lambdas
from ranking.objective.loss import Loss
from ranking.objective.plain import Plain


@pytest.mark.parametrize("metric", ["ndcg", "map", "pairwise"])
def test_where_all_is_examined_it_is_plain_to_the_last_bit(log: Any, metric: Any) -> None:
    lambdas = Lambdas(log.click, log.sizes, position=log.position, loss=Loss(metric=metric))
    plain, weighted = Plain(lambdas), IPW(lambdas, np.ones(10))
    scores = log.matrix[:, 1]
    for one, other in zip(plain(scores), weighted(scores), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_click_counts_by_its_position_up_to_the_clip() -> None:
    """One click in each query, at positions 0, 1 and 5; beyond the depth the last value holds."""
    label, position = [1, 0, 0, 1, 0, 1], [0, 1, 0, 1, 0, 5]
    lambdas = Lambdas(label, [2, 2, 2], position=position)
    scores = [0.3, 0.1, 0.2, 0.5, 0.6, 0.4]
    plain, weighted = Plain(lambdas)(scores), IPW(lambdas, [1, 0.5, 0.001], clip=0.1)(scores)
    for one, other in zip(plain, weighted, strict=True):
        np.testing.assert_allclose(other / one, [1, 1, 2, 2, 10, 10], rtol=1e-6)


def test_rows_may_bring_their_own_propensity(log: Any) -> None:
    lambdas = Lambdas(log.click, log.sizes, position=log.position)
    examination = 1 / np.arange(1, 11)
    own = IPW(lambdas, propensity=examination[log.position])
    scores = log.matrix[:, 1]
    for one, other in zip(IPW(lambdas, examination)(scores), own(scores), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(DataError, match="one for each of the"):
        IPW(lambdas, propensity=examination)
    with pytest.raises(ConfigError, match="there is neither"):
        IPW(lambdas)


def test_what_it_was_given_is_its_bias(log: Any) -> None:
    lambdas = Lambdas(log.click, log.sizes, position=log.position)
    assert IPW(lambdas, [1, 0.5, 0.001]).bias == {"examination": [1, 0.5, 0.01]}


def test_positions_are_needed() -> None:
    with pytest.raises(ConfigError, match="needs the position of each row"):
        IPW(Lambdas([0, 1], [2]), [1])


@pytest.mark.parametrize("examination", [[], [1, 0], [1, -1], [1, np.nan], [[1]]])
def test_what_is_no_examination_is_refused(examination: Any) -> None:
    with pytest.raises(DataError, match="positive, finite number for each position"):
        IPW(Lambdas([0, 1], [2], position=[0, 1]), examination)
