"""Several rankers as one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.mean import mean
from ranking.lambdamart.ranker import Ranker
from ranking.query_data import QueryData


@pytest.fixture(scope="module")
def rankers(small: Any, fit: Callable[..., Ranker]) -> list[Ranker]:
    """Of scores on scales of their own, with gaps in the features and a categorical one."""
    data = _gaps(small)
    some = {"rounds": 6, "max_depth": 3, "unbiased": False}
    return [
        fit(RankerConfig(**some), data, data),
        fit(RankerConfig(**some, learning_rate=0.5, score_normalization=False), data, data),
        fit(RankerConfig(**some, objective="rank:pairwise", categorical=("size",)), data, data),
    ]


def _gaps(small: Any) -> QueryData:
    data: QueryData = small.data(small.click)
    matrix = data.matrix.copy()
    matrix[::7, 0] = np.nan
    matrix[:, 1] = np.floor(np.abs(matrix[:, 1]) * 3)
    return replace(data, matrix=matrix)


def test_its_score_is_the_mean_of_scores_over_their_spread(
    small: Any, rankers: list[Ranker], tmp_path: Path
) -> None:
    data = _gaps(small)
    expected = np.zeros(data.rows)
    for one in rankers:
        scores = one.predict(data.matrix).reshape(-1, 10).astype(np.float64)
        expected += one.predict(data.matrix) / np.sqrt(scores.var(axis=1).mean()) / 3
    found = mean(rankers, data)
    np.testing.assert_allclose(found.predict(data.matrix), expected, rtol=1e-5, atol=1e-5)
    found.save(tmp_path / "ranker")
    again = Ranker.load(tmp_path / "ranker").predict(data.matrix)
    np.testing.assert_array_equal(again, found.predict(data.matrix))


def test_rankers_that_order_nothing_are_left_out(
    small: Any, rankers: list[Ranker], fit: Callable[..., Ranker]
) -> None:
    data = _gaps(small)
    flat = fit(RankerConfig(rounds=2, gamma=1e9, unbiased=False), data, data)
    assert mean([flat, rankers[1]], data) is rankers[1]
    assert mean([flat], data) is flat
    both = [mean([*rankers[:2], *more], data).predict(data.matrix) for more in ([], [flat])]
    np.testing.assert_array_equal(*both)
