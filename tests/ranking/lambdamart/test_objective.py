"""An objective of one's own in the place of XGBoost's."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xgboost as xgb

from features.errors import DataError
from ranking.lambdamart.config import RankerConfig
from ranking.query_data import QueryData

World = Any  # of conftest.py
Floats = npt.NDArray[np.float32]


class Pointwise:
    """Squares of differences; each call notes what it was given, and learns a `bias` by it."""

    def __init__(self, data: QueryData) -> None:
        self.data, self.calls = data, 0

    def __call__(self, scores: Floats) -> tuple[Floats, Floats]:
        assert scores.shape == self.data.label.shape
        self.calls += 1
        return scores - self.data.label, np.ones_like(scores)

    @property
    def bias(self) -> dict[str, list[float]]:
        return {"click": [1.0, 1 / self.calls]}


def test_its_gradients_grow_the_trees(fit: Any, small: World) -> None:
    """Rows come in the order of the examples: it fits their labels as regression does."""
    random = np.random.default_rng(0).permutation(1200)
    data = small.data(small.grade, random)
    config = RankerConfig(rounds=8, patience=8, learning_rate=0.3)
    ranker = fit(config, data, data, objective=Pointwise(data))
    kept = ranker.booster.num_boosted_rounds()
    settings = {"objective": "reg:squarederror", "base_score": 0.5, "eta": 0.3}
    matrix = xgb.QuantileDMatrix(data.matrix, data.label)
    alone = xgb.train(settings, matrix, kept).predict(xgb.DMatrix(data.matrix))
    np.testing.assert_allclose(ranker.predict(data.matrix), alone, atol=1e-5)


def test_its_bias_is_that_of_the_kept_round(fit: Any, small: World) -> None:
    data = small.data(small.click)
    ranker = fit(RankerConfig(rounds=30, patience=4), data, data, objective=Pointwise(data))
    assert ranker.bias == {"click": [1.0, 1 / ranker.booster.num_boosted_rounds()]}


def test_one_without_a_bias_leaves_none(fit: Any, small: World) -> None:
    data = small.data(small.grade)  # grades: debiasing, and its demands, are the objective's care
    own = Pointwise(data)
    ranker = fit(RankerConfig(rounds=3), data, data, objective=lambda scores: own(scores))
    assert ranker.bias == {}


def test_xgboost_s_own_gradients_give_xgboost_s_own_trees(small: World, fit: Any) -> None:
    """Read from XGBoost round by round, they are the same training from outside."""
    data = small.data(small.grade)
    config = RankerConfig(rounds=4, unbiased=False, max_depth=3, max_bin=64)
    native = fit(config, data, data)

    def pairs(scores: Floats) -> tuple[Floats, Floats]:
        """RankNet over all pairs of a query, whose gain is 1."""
        s, y = scores.reshape(-1, 10), data.label.reshape(-1, 10)
        better = y[:, :, None] > y[:, None, :]
        chance = 1 / (1 + np.exp(s[:, :, None] - s[:, None, :]))
        pull = np.where(better, chance, 0)
        steep = np.where(better, np.maximum(chance * (1 - chance), 1e-16), 0)
        gradient = pull.sum(1) - pull.sum(2)
        hessian = 2 * (steep.sum(1) + steep.sum(2))
        return gradient.ravel().astype(np.float32), hessian.ravel().astype(np.float32)

    plain = config.model_copy(
        update={"objective": "rank:pairwise", "normalization": False, "num_pair_per_sample": 10}
    )
    ours = fit(plain, data, data, objective=pairs)
    theirs = fit(plain.model_copy(update={"score_normalization": False}), data, data)
    order = [one.predict(data.matrix).astype(np.float64) for one in (ours, theirs, native)]
    centred = [one - one.mean() for one in order]
    assert ours.booster.num_boosted_rounds() == theirs.booster.num_boosted_rounds()
    np.testing.assert_allclose(centred[0], centred[1], atol=1e-4)
    assert not np.allclose(centred[0], centred[2], atol=1e-2)


def test_gradients_that_are_no_numbers_are_refused(fit: Any, small: World) -> None:
    """The trap: XGBoost grows trees without a split of them, and says nothing."""

    def broken(scores: Floats) -> tuple[Floats, Floats]:
        return np.full_like(scores, np.nan), np.ones_like(scores)

    data = small.data(small.click)
    with pytest.raises(DataError, match="finite gradients and hessians; at tree 1"):
        fit(RankerConfig(rounds=2), data, data, objective=broken)
