"""Training from pages on disk is training in memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from features.errors import DataError
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.pages import Pages
from ranking.query_data import QueryData

World = Any  # of conftest.py


def pages(world: World, label: Any, *ends: int, weight: Any = None) -> Iterator[QueryData]:
    """Queries up to each of `ends`, one page after the other."""
    start = 0
    for end in ends:
        yield world.data(label, (world.query >= start) & (world.query < end), weight)
        start = end


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"unbiased": False, "pair_method": "mean", "num_pair_per_sample": 2},
        {"num_pair_per_sample": 4, "untracked": "drop"},
        {"colsample_bynode": 0.5, "feature_weights": {"noise": 0.0}},
    ],
)
def test_scores_and_bias_are_the_same(
    fit: Any, small: World, tmp_path: Path, options: dict[str, Any]
) -> None:
    """To the bit, while sketches are exact; with weights, of cuts that part the same rows another
    may be taken."""
    config = RankerConfig(rounds=6, max_depth=3, **options)
    weight = np.linspace(0.5, 2, 120, dtype=np.float32)
    data = small.data(small.click, weight=weight)
    near = fit(config, data, data)
    some = Pages(pages(small, small.click, 7, 60, 61, 120, weight=weight), tmp_path)
    far = fit(config, some, data)
    np.testing.assert_allclose(far.predict(data.matrix), near.predict(data.matrix), atol=1e-6)
    assert far.bias == near.bias
    assert len(list(tmp_path.glob("page-*.npy"))) == 4


def test_without_weights_trees_are_the_same(fit: Any, small: World, tmp_path: Path) -> None:
    config, data = RankerConfig(rounds=4, max_depth=3), small.data(small.click)
    near, far = (
        fit(config, some, data)
        for some in (data, Pages(pages(small, small.click, 50, 120), tmp_path))
    )
    assert far.booster.get_dump(with_stats=True) == near.booster.get_dump(with_stats=True)


def test_categories(fit: Any, small: World, tmp_path: Path) -> None:
    world = small
    matrix = world.matrix.copy()
    matrix[:, 3] = np.floor(np.abs(matrix[:, 3]) * 10)
    config = RankerConfig(rounds=4, max_depth=3, categorical=("logger",))
    data = QueryData.of(matrix, world.click, world.query, world.position)
    halves = [
        QueryData.of(matrix[rows], world.click[rows], world.query[rows], world.position[rows])
        for rows in (world.query < 60, world.query >= 60)
    ]
    near, far = fit(config, data, data), fit(config, Pages(halves, tmp_path), data)
    np.testing.assert_array_equal(near.predict(matrix), far.predict(matrix))


def test_pages_are_checked(fit: Any, small: World, tmp_path: Path) -> None:
    data = small.data(small.click)
    with pytest.raises(DataError, match="positions must be without gaps"):
        fit(
            RankerConfig(),
            Pages([data.top(5), small.data(small.click, slice(1, 9))], tmp_path),
            data,
        )


def test_a_query_that_a_page_cuts_would_be_two(small: World, tmp_path: Path) -> None:
    """The trap, in XGBoost itself: no error, another number of queries."""

    class Cut(xgb.DataIter):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(cache_prefix=str(tmp_path / "cache"))
            self.reset()

        def reset(self) -> None:
            self.at = iter([slice(0, 605), slice(605, 1200)])

        def next(self, input_data: Any) -> bool:
            rows = next(self.at, None)
            if rows is None:
                return False
            input_data(data=small.matrix[rows], label=small.click[rows], qid=small.query[rows])
            return True

    matrix = xgb.ExtMemQuantileDMatrix(Cut())
    assert len(matrix.get_uint_info("group_ptr")) - 1 == 121  # of 120
