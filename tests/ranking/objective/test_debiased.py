"""Unbiased pairs: by hand, against XGBoost's, and on a log whose examination is known."""

import json
import math
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from features.errors import ConfigError
from ranking.objective.debiased import Debiased
from ranking.objective.lambdas import Lambdas
from ranking.objective.loss import Loss

TREES: dict[str, Any] = {"eta": 0.1, "max_depth": 3, "base_score": 0, "nthread": 1}


def _fit(log: Any, objective: Debiased, rounds: int) -> xgb.Booster:
    matrix = xgb.DMatrix(log.matrix, log.click)
    return xgb.train(TREES, matrix, rounds, obj=lambda scores, _: objective(scores))


def test_a_round_by_hand() -> None:
    """Queries with a click at 0 and at 1, scores 1 and 0: losses log(1 + e^-1), log(1 + e)."""
    loss = Loss(metric="pairwise", normalization=False, score_normalization=False)
    lambdas = Lambdas([1, 0, 0, 1], [2, 2], position=[0, 1, 0, 1], weight=[1, 3], loss=loss)
    objective = Debiased(lambdas, depth=2, norm=1)
    objective([1, 0, 1, 0])
    right, wrong = math.log1p(math.exp(-1)), 3 * math.log1p(math.e)
    plus, minus = math.sqrt(wrong / right), math.sqrt(right / wrong)
    np.testing.assert_allclose(objective.bias["click"], [1, plus], rtol=1e-6)
    np.testing.assert_allclose(objective.bias["no_click"], [1, minus], rtol=1e-6)
    gradient, _ = objective([1, 0, 1, 0])
    sigmoid = 1 / (1 + math.e)
    expected = [sigmoid / minus * 0.5, (1 - sigmoid) / plus * 1.5]
    right_pair, wrong_pair = expected
    np.testing.assert_allclose(
        gradient, [-right_pair, right_pair, wrong_pair, -wrong_pair], rtol=1e-6
    )


@pytest.mark.parametrize("norm", [0.0, 1.0])
@pytest.mark.parametrize("metric", ["ndcg", "pairwise"])
def test_with_its_differences_it_is_that_of_xgboost(log: Any, metric: Any, norm: float) -> None:
    lambdas = Lambdas(
        log.click, log.sizes, position=log.position, loss=Loss(metric=metric, pairs=10)
    )
    objective = Debiased(lambdas, depth=10, norm=norm, turned=True, weigh_norm=True)
    own = _fit(log, objective, 6)
    options = {
        "objective": f"rank:{metric}",
        "lambdarank_unbiased": True,
        "lambdarank_bias_norm": norm,
        "lambdarank_num_pair_per_sample": 10,
    }
    native = xgb.train(TREES | options, xgb.DMatrix(log.matrix, log.click, group=log.sizes), 6)
    learned = json.loads(native.save_config())["learner"]["objective"]
    np.testing.assert_allclose(
        objective.bias["click"], [float(one) for one in learned["ti+"]], rtol=1e-4
    )
    np.testing.assert_allclose(
        objective.bias["no_click"], [float(one) for one in learned["tj-"]], rtol=1e-4
    )
    np.testing.assert_allclose(
        own.inplace_predict(log.matrix, predict_type="margin"),
        native.inplace_predict(log.matrix, predict_type="margin"),
        atol=1e-5,
    )


def test_it_learns_how_examination_falls(log: Any) -> None:
    """True examination is 1 / (1 + position); deeper positions have few clicks, so much noise."""
    lambdas = Lambdas(log.click, log.sizes, position=log.position, loss=Loss(pairs=10))
    objective = Debiased(lambdas, depth=10, norm=0)
    _fit(log, objective, 15)
    learned = np.array(objective.bias["click"])
    assert learned[0] == 1
    assert (np.diff(learned[[0, 1, 2, 4, 8]]) < 0).all()
    np.testing.assert_allclose(learned, 1 / np.arange(1, 11), atol=0.15)
    assert np.corrcoef(np.log(learned), -np.log(1 + np.arange(10)))[0, 1] > 0.95


def test_positions_are_read_not_the_order_of_rows(log: Any) -> None:
    """Shuffled within queries, and with gaps below the depth."""
    random = np.random.default_rng(0)
    query = np.repeat(np.arange(len(log.sizes)), log.sizes)
    turned = np.lexsort((random.random(len(query)), query))
    scores = log.matrix[:, 0]
    first, again = (
        Debiased(Lambdas(log.click[rows], log.sizes, position=log.position[rows] * 2), depth=30)
        for rows in (slice(None), turned)
    )
    for _ in range(2):
        gradient, hessian = first(scores)
        found = again(scores[turned])
    np.testing.assert_array_equal(found[0], gradient[turned])
    np.testing.assert_array_equal(found[1], hessian[turned])
    np.testing.assert_allclose(again.bias["click"], first.bias["click"], rtol=1e-12)
    assert not any(first.bias["click"][1:20:2])


def test_without_a_click_at_the_first_position_nothing_is_learned() -> None:
    objective = Debiased(Lambdas([0, 1], [2], position=[0, 1]), depth=2)
    objective([0.0, 0.0])
    assert objective.bias["click"] == [1, 1]


@pytest.mark.parametrize("options", [{"depth": 0}, {"depth": 2, "norm": -1}])
def test_numbers_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="depth must be 1 or more and the norm 0 or more"):
        Debiased(Lambdas([0, 1], [2], position=[0, 1]), **options)
