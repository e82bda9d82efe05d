"""Ways of learning from clicks, and their mean, where the truth is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError
from ranking.debiasing import WAYS, Known, Way, fit, ways
from ranking.lambdamart.config import RankerConfig
from ranking.off_policy import counterfactual
from ranking.query_data import QueryData
from ranking.ways import AUTO, BASE, compared, judge_of, train_ways, weighed

NAMES = ["signal", "size", "noise", "logger"]
TRUTH = 1 / (1 + np.arange(10.0))
KNOWN = Known(10, TRUTH)
CONFIG = RankerConfig(rounds=15, patience=15, max_depth=3)


@pytest.fixture(scope="module")
def world(world_of: Callable[..., Any]) -> Any:
    """A logger that shows by a feature which says nothing of relevance, 400 queries."""
    return world_of(seed=3, queries=400, logged=True)


@pytest.fixture(scope="module")
def parts(world: Any) -> tuple[QueryData, QueryData]:
    train, valid = slice(0, 3000), slice(3000, 4000)
    return world.data(world.click, train), world.data(world.click, valid)


def test_the_judge_is_the_estimate_without_its_interval(
    parts: tuple[QueryData, QueryData],
) -> None:
    log = weighed(parts[1], KNOWN)
    scores = parts[1].matrix[:, 0]
    expected = counterfactual.evaluate(log, scores, "dcg@5").value
    assert judge_of(log, "dcg@5")(scores) == pytest.approx(expected)


def test_the_mean_of_the_ways_ranks_better_than_clicks_as_they_are(
    world: Any, parts: tuple[QueryData, QueryData]
) -> None:
    told: set[str] = set()
    found = train_ways(CONFIG, NAMES, *parts, KNOWN, lambda way, *_: told.add(way))
    assert told == set(WAYS)
    assert found.rankers.keys() == found.values.keys() == {*WAYS, AUTO}
    assert found.differences[AUTO].low > 0
    worth = {way: world.ndcg(one) for way, one in found.rankers.items()}
    assert worth[AUTO] > worth[BASE] + 0.02
    assert worth[AUTO] > np.mean([worth[way] for way in WAYS if way != BASE])


def test_differences_are_of_the_values(parts: tuple[QueryData, QueryData]) -> None:
    rankers = {
        way: fit(way, CONFIG, NAMES, *parts, lambda _: 0.0, lambda *_: None, KNOWN)
        for way in ways(["none", "ipw"])
    }
    values, differences = compared(rankers, parts[1], weighed(parts[1], KNOWN), "dcg@10")
    assert differences.keys() == {"ipw"}
    less = values["ipw"].value - values["none"].value
    assert differences["ipw"].value == pytest.approx(less)


def test_a_way_that_cannot_be_trained_is_left_out(parts: tuple[QueryData, QueryData]) -> None:
    some: list[Way] = ["ipw", "additive", "pointwise"]
    found = train_ways(CONFIG, NAMES, *parts, Known(10), lambda *_: None, ways=some)
    assert found.rankers.keys() == {"none", "additive", "auto"}
    assert found.auto is found.rankers["additive"]
    assert found.failures.keys() == {"ipw", "pointwise"}
    assert "no estimate" in found.failures["ipw"]


def test_examination_above_that_of_the_top_is_taken_relative_to_its_largest(
    parts: tuple[QueryData, QueryData],
) -> None:
    scores = [
        fit(
            "pointwise", CONFIG, NAMES, *parts, lambda _: 0.0, lambda *_: None, Known(10, known)
        ).predict(parts[1].matrix)
        for known in (TRUTH * 1.25, TRUTH)
    ]
    np.testing.assert_array_equal(*scores)


def test_without_a_way_that_removes_bias_clicks_stay_as_they_are(
    parts: tuple[QueryData, QueryData],
) -> None:
    found = train_ways(CONFIG, NAMES, *parts, KNOWN, lambda *_: None, ways=[])
    assert found.auto is found.rankers[BASE]


def test_ways_are_named() -> None:
    assert ways(None) == WAYS
    assert ways(["ipw", "xgboost"]) == ("xgboost", "ipw")
    with pytest.raises(ConfigError, match="must be one of none, xgboost, pairs.*got 'magic'"):
        ways(["magic"])
