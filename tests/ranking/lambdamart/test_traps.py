"""What XGBoost does with rows that it cannot read, and that it is never given them here."""

import json
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost as xgb

from features.errors import DataError
from pipelines.judge import judge_of, metric_of
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.train import train
from ranking.query_data import QueryData

World = Any  # of conftest.py
UNBIASED = {
    "objective": "rank:ndcg",
    "lambdarank_unbiased": True,
    "lambdarank_pair_method": "topk",
    "lambdarank_num_pair_per_sample": 10,
    "max_depth": 3,
}


def learned(data: xgb.DMatrix, rounds: int = 5, **more: Any) -> tuple[list[float], xgb.Booster]:
    booster = xgb.train(UNBIASED | more, data, rounds)
    objective = json.loads(booster.save_config())["learner"]["objective"]
    return [float(value) for value in objective["ti+"]], booster


def test_a_shuffled_log_has_no_bias_for_xgboost_but_for_us(fit: Any, world_of: Any) -> None:
    world = world_of(0, 400)
    mixed = np.lexsort((np.random.default_rng(1).random(len(world.query)), world.query))
    alone, _ = learned(xgb.DMatrix(world.matrix[mixed], world.click[mixed], qid=world.query[mixed]))
    assert min(alone) > 0.7
    data = world.data(world.click, mixed)
    ours = fit(RankerConfig(rounds=5, max_depth=3), data, data)
    assert ours.bias["click"][0] == 1
    assert ours.bias["click"][5] < 0.6


def test_gaps_move_positions_up_for_xgboost_and_are_refused_by_us(fit: Any, world_of: Any) -> None:
    """Without position 1 of each query, what it learns for 1 is the bias of 2."""
    world = world_of(0, 400)
    order = np.lexsort((world.position, world.query))
    rows = order[world.position[order] != 1]
    whole, _ = learned(xgb.DMatrix(world.matrix[order], world.click[order], qid=world.query[order]))
    moved, _ = learned(xgb.DMatrix(world.matrix[rows], world.click[rows], qid=world.query[rows]))
    assert abs(moved[1] - whole[2]) < abs(moved[1] - whole[1])
    data = world.data(world.click, rows)
    with pytest.raises(DataError, match="of the 400 queries 400 have gaps.*number 1 of its query"):
        fit(RankerConfig(), data, data)
    fit(RankerConfig(unbiased=False, rounds=1), data, data)


def test_rows_below_the_tracked_depth_are_not_debiased(fit: Any, small: World) -> None:
    """A pair with a row at position 3 or below counts as though both were examined."""
    data = small.data(small.click)
    qid = data.groups.qid
    options = {"lambdarank_num_pair_per_sample": 3}
    kept = fit(
        RankerConfig(rounds=4, max_depth=3, num_pair_per_sample=3, untracked="keep"), data, data
    )
    matrix = xgb.DMatrix(data.matrix, data.label, qid=qid)
    _, booster = learned(matrix, kept.booster.num_boosted_rounds(), learning_rate=0.1, **options)
    assert kept.booster.get_dump() == booster.get_dump()
    with pytest.raises(DataError, match="bias of 3 positions.*longest query has 10 rows"):
        fit(RankerConfig(num_pair_per_sample=3), data, data)
    long = QueryData.of(data.matrix, data.label, np.zeros(1200), np.arange(1200))
    with pytest.raises(DataError, match="bias of 32 positions.*pair_method to topk"):
        fit(RankerConfig(pair_method="mean"), long, data)
    dropped = fit(
        RankerConfig(rounds=4, max_depth=3, num_pair_per_sample=3, untracked="drop"), data, data
    )
    top = fit(RankerConfig(rounds=4, max_depth=3), data.top(3), data)
    assert dropped.booster.get_dump() == top.booster.get_dump()


def test_without_a_depth_every_position_is_tracked(fit: Any, small: World) -> None:
    data = small.data(small.click)
    assert len(fit(RankerConfig(rounds=1), data, data).bias["click"]) == 10


def test_positions_must_be_known(fit: Any, small: World) -> None:
    data = replace(small.data(small.click), position=None)
    with pytest.raises(DataError, match="needs the position at which each row was shown"):
        fit(RankerConfig(), data, data)
    fit(RankerConfig(rounds=1, unbiased=False), data, data)


def test_ids_beyond_32_bits_are_one_query_for_xgboost_and_two_for_us() -> None:
    ids = np.array([1, 1, 1 + 2**32, 1 + 2**32])
    rows = np.zeros((4, 1), np.float32)
    alone = xgb.DMatrix(rows, np.arange(4), qid=ids)
    assert alone.get_uint_info("group_ptr").tolist() == [0, 4]
    assert QueryData.of(rows, np.arange(4), pl.Series(ids)).sizes.tolist() == [2, 2]


def test_mean_ignores_the_seed(fit: Any, small: World) -> None:
    """So another seed says nothing of how much the drawn pairs matter."""
    data = small.data(small.click)
    some = {"rounds": 3, "pair_method": "mean", "num_pair_per_sample": 1, "unbiased": False}
    one, two = (fit(RankerConfig(**some, seed=seed), data, data) for seed in (1, 2))
    assert one.booster.get_dump() == two.booster.get_dump()


def test_a_weight_of_2_is_a_query_twice(small: World) -> None:
    """Once leaves neither shrink nor have a least weight, since XGBoost divides by the mean weight;
    and few values a feature, since weights also move the cuts between many."""
    matrix, twice = np.round(small.matrix, 1), small.query % 3 == 0
    weight = np.where(twice, 2.0, 1.0)
    weighted = QueryData.of(matrix, small.click, small.query, small.position, weight)
    rows = np.concatenate([np.arange(1200), np.flatnonzero(twice)])
    query = np.concatenate([small.query, small.query[twice] + 1000])
    doubled = QueryData.of(matrix[rows], small.click[rows], query, small.position[rows])
    config = RankerConfig(
        unbiased=False, rounds=4, max_depth=3, reg_lambda=0, min_child_weight=0, max_bin=512
    )
    scores = []
    for data in (weighted, doubled):
        better = count().__next__
        ranker = train(
            config, ["a", "b", "c", "d"], data, data, lambda _, b=better: b(), lambda *_: None
        )
        scores.append(ranker.predict(matrix))
    np.testing.assert_allclose(*scores, atol=1e-4)
    assert np.ptp(scores[0]) > 0.1


def test_weights_do_not_weigh_the_bias(fit: Any, small: World) -> None:
    """XGBoost sums the losses of positions over queries as they are, whatever these weigh."""
    weight = np.where(np.arange(120) % 3 == 0, 100.0, 0.01)
    plain, weighted = small.data(small.click), small.data(small.click, weight=weight)
    config = RankerConfig(rounds=1)
    assert fit(config, weighted, plain).bias == fit(config, plain, plain).bias


def test_the_weighted_metric_is_ours_and_exact(small: World) -> None:
    """The trap: of weighted queries XGBoost counts each that has no click as an unweighted 1."""
    weight = np.linspace(0.1, 5, 120).astype(np.float32)
    click = np.where(small.query % 4 == 0, 0, small.click).astype(np.float32)
    data = small.data(click, weight=weight)
    scores = data.matrix[:, 0]
    by_query = []
    for query in range(120):
        rows = data.groups.qid == query
        gains = data.label[rows][np.argsort(-scores[rows], kind="stable")]
        discount = 1 / np.log2(np.arange(len(gains)) + 2)
        best = (np.sort(gains)[::-1] * discount)[:5].sum()
        by_query.append((gains * discount)[:5].sum() / best if best else np.nan)
    known = ~np.isnan(by_query)
    assert not known.all()
    expected = np.average(np.array(by_query)[known], weights=weight[known])
    assert judge_of(metric_of("nDCG@5"), data)(scores) == pytest.approx(expected, rel=1e-6)
