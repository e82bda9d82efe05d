"""The ranker: what it learns, what it corrects and what it keeps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xgboost as xgb
from sklearn.metrics import ndcg_score

from pipelines.judge import judge_of, metric_of
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.ranker import Ranker
from ranking.lambdamart.train import train
from ranking.query_data import QueryData

DOCUMENTS = 10
NAMES = ["signal", "size", "noise", "logger"]

World = Any  # of conftest.py
Floats = npt.NDArray[np.float32]


def nothing(_: int, __: dict[str, float]) -> None: ...


QUICK: Any = {"rounds": 15, "max_depth": 3, "learning_rate": 0.3}


def fit(
    config: RankerConfig, data: QueryData, valid: QueryData, report: Any = nothing, **more: Any
) -> Ranker:
    judge = judge_of(metric_of(config.metric), valid)
    return train(config, NAMES, data, valid, judge, report, **more)


@pytest.fixture(scope="module")
def world(world_of: Any) -> World:
    return world_of(0, 1000)


@pytest.fixture(scope="module")
def valid(world_of: Any) -> World:
    return world_of(100, 200)


@pytest.fixture(scope="module")
def unbiased(world: World, valid: World) -> Ranker:
    return fit(RankerConfig(**QUICK), world.data(world.click), valid.data(valid.grade))


@pytest.mark.parametrize("objective", ["rank:ndcg", "rank:pairwise"])
def test_it_learns_a_known_ranking(world: World, valid: World, objective: Any) -> None:
    config = RankerConfig(objective=objective, unbiased=False, **QUICK)
    ranker = fit(config, world.data(world.grade), valid.data(valid.grade))
    assert valid.ndcg(ranker) > 0.99
    by_signal = ndcg_score(
        valid.relevance.reshape(-1, DOCUMENTS), valid.matrix[:, 0].reshape(-1, DOCUMENTS)
    )
    assert valid.ndcg(ranker) > by_signal + 0.005


def test_the_learned_bias_is_that_of_examination(unbiased: Ranker) -> None:
    """To the power 1 / (1 + bias_norm), relative to the first position."""
    bias = unbiased.bias["click"]
    assert bias[0] == unbiased.bias["no_click"][0] == 1.0
    expected = (1 / np.arange(1, DOCUMENTS + 1)) ** 0.5
    np.testing.assert_allclose(bias, expected, atol=0.15)
    assert np.polyfit(np.arange(DOCUMENTS), bias, 1)[0] < -0.05
    assert bias[0] > bias[1] > bias[2] > bias[3] > bias[9]


def test_there_is_no_bias_where_all_is_examined(world: World, valid: World) -> None:
    seen = (np.random.default_rng(0).random(len(world.query)) < world.relevance).astype(np.float32)
    ranker = fit(RankerConfig(rounds=10), world.data(seen), valid.data(valid.grade))
    np.testing.assert_allclose(ranker.bias["click"], 1, atol=0.15)


@pytest.mark.parametrize("pairs", [3, 10])
def test_bias_is_tracked_to_the_depth_of_pairs(small: World, pairs: int) -> None:
    data = small.data(small.click)
    ranker = fit(RankerConfig(rounds=3, num_pair_per_sample=pairs, untracked="keep"), data, data)
    for values in ranker.bias.values():
        assert len(values) == pairs
        assert np.isfinite(values).all()
        assert min(values) >= 0


def test_the_unbiased_ranker_does_not_take_the_logger_for_relevance(
    world_of: Any, valid: World
) -> None:
    """Where clicks favour what was shown first, the biased ranker learns to show it first."""
    log = world_of(0, 1000, logged=True)
    found = {}
    for unbiased in (False, True):
        config = RankerConfig(unbiased=unbiased, **QUICK)
        found[unbiased] = valid.ndcg(fit(config, log.data(log.click), valid.data(valid.grade)))
    assert found[True] > found[False] + 0.01


def test_under_a_random_logger_it_costs_little(
    unbiased: Ranker, world: World, valid: World
) -> None:
    """There positions confound nothing: both learn the order, the biased one with less noise."""
    config = RankerConfig(unbiased=False, **QUICK)
    biased = fit(config, world.data(world.click), valid.data(valid.grade))
    assert biased.bias == {}
    assert valid.ndcg(unbiased) > valid.ndcg(biased) - 0.005


@pytest.mark.parametrize("unbiased", [True, False])
def test_the_order_of_rows_does_not_matter(small: World, valid: World, unbiased: bool) -> None:
    """Within queries not at all; across them to the rounding of sums."""
    config = RankerConfig(rounds=10, max_depth=3, unbiased=unbiased)
    held = valid.data(valid.grade)
    first = fit(config, small.data(small.click), held)
    random = np.random.default_rng(0)
    within = np.lexsort((random.random(len(small.query)), small.query))
    again = fit(config, small.data(small.click, within), held)
    assert again.booster.get_dump(with_stats=True) == first.booster.get_dump(with_stats=True)
    assert again.bias == first.bias
    across = fit(config, small.data(small.click, random.permutation(len(small.query))), held)
    np.testing.assert_allclose(
        across.predict(valid.matrix), first.predict(valid.matrix), rtol=1e-3, atol=1e-3
    )


def test_the_order_of_positions_does(
    world_of: Any, world: World, valid: World, unbiased: Ranker
) -> None:
    turned = world_of(0, 1000)
    turned.position = DOCUMENTS - 1 - world.position
    ranker = fit(RankerConfig(rounds=10), turned.data(world.click), valid.data(valid.grade))
    assert ranker.bias["click"][9] > 1 > unbiased.bias["click"][9]


def bare(rounds: int, data: World, label: Floats, **changes: Any) -> xgb.Booster:
    """XGBoost itself on rows that stand in order, without this project."""
    order = np.lexsort((data.position, data.query))
    matrix = xgb.DMatrix(data.matrix[order], label[order], qid=data.query[order])
    parameters = {
        "objective": "rank:ndcg",
        "tree_method": "hist",
        "eta": 0.2,
        "max_depth": 3,
        "min_child_weight": 2.0,
        "subsample": 0.8,
        "seed": 5,
        "lambdarank_pair_method": "topk",
        "lambdarank_num_pair_per_sample": 6,
    }
    return xgb.train(parameters | changes, matrix, rounds)


@pytest.mark.parametrize("unbiased", [True, False])
def test_it_is_xgboost_with_the_declared_parameters(small: World, unbiased: bool) -> None:
    config = RankerConfig(
        unbiased=unbiased,
        rounds=12,
        patience=12,
        learning_rate=0.2,
        max_depth=3,
        min_child_weight=2.0,
        subsample=0.8,
        num_pair_per_sample=6,
        untracked="keep",
        score_normalization=False,
        bias_norm=2.0,
        seed=5,
    )
    label = small.click if unbiased else small.grade
    ranker = fit(config, small.data(label), small.data(label))
    changes = {"lambdarank_score_normalization": False, "lambdarank_bias_norm": 2.0}
    rounds = ranker.booster.num_boosted_rounds()
    own = bare(rounds, small, label, lambdarank_unbiased=unbiased, **changes)
    assert ranker.booster.get_dump(with_stats=True) == own.get_dump(with_stats=True)
    np.testing.assert_array_equal(
        ranker.predict(small.matrix), own.inplace_predict(small.matrix, predict_type="margin")
    )


def test_early_stopping_keeps_the_best_round(small: World, valid: World) -> None:
    """The trees of the best round alone, `patience` rounds before the end."""
    seen: list[float] = []

    def report(done: int, metrics: dict[str, float]) -> None:
        assert done == len(seen) + 1
        seen.append(metrics["nDCG@5"])

    config = RankerConfig(
        unbiased=False, rounds=300, patience=7, learning_rate=0.3, metric="nDCG@5"
    )
    data, held = small.data(small.click), valid.data(valid.click)
    ranker = fit(config, data, held, report)
    best = int(np.argmax(seen))
    assert len(seen) == best + 1 + config.patience < 300
    assert ranker.booster.num_boosted_rounds() == best + 1
    whole = bare(
        len(seen),
        small,
        small.click,
        eta=0.3,
        max_depth=6,
        min_child_weight=1.0,
        subsample=1.0,
        seed=0,
        lambdarank_num_pair_per_sample=32,
        lambdarank_score_normalization=True,
    )
    matrix = xgb.DMatrix(valid.matrix)
    expected = whole.predict(matrix, output_margin=True, iteration_range=(0, best + 1))
    np.testing.assert_array_equal(ranker.predict(valid.matrix), expected)
    assert not np.array_equal(whole.predict(matrix, output_margin=True), expected)


def test_ties_in_validation_are_not_broken_by_the_logged_order(small: World) -> None:
    """Every score is the same, and the first row shown is the click: a mean over all orders."""
    seen: list[float] = []
    first = replace(
        small.data((small.position == 0).astype(np.float32)), matrix=np.zeros_like(small.matrix)
    )
    config = RankerConfig(rounds=1, metric="nDCG@1")
    fit(config, small.data(small.click), first, lambda _, found: seen.extend(found.values()))
    assert seen == [pytest.approx(0.1)]


def test_a_saved_ranker_is_loaded_as_it_was(unbiased: Ranker, valid: World, tmp_path: Path) -> None:
    unbiased.save(tmp_path / "ranker")
    loaded = Ranker.load(tmp_path / "ranker")
    assert (loaded.names, loaded.bias) == (unbiased.names, unbiased.bias)
    np.testing.assert_array_equal(loaded.predict(valid.matrix), unbiased.predict(valid.matrix))


def test_columns_may_have_any_name(small: World) -> None:
    names = [f"{name}[<]" for name in NAMES]
    data = small.data(small.click)
    ranker = train(RankerConfig(rounds=2), names, data, data, lambda _: 1.0, nothing)
    assert ranker.names == tuple(names)
