from typing import Any

import numpy as np
import pytest

from features.errors import DataError
from pipelines.importance.jackknife import blocks_of, interval, left_out
from pipelines.metrics.auc import AUC, GAUC
from pipelines.metrics.loss import NE, LogLoss
from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranking import NDCG


def drawn(
    rows: int = 600, queries: int = 60, seed: int = 0, *, weights: bool = True
) -> Predictions:
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < 0.4).astype(np.float64)
    scores = np.clip(random.normal(0.3 + 0.2 * labels, 0.2), 0.01, 0.99).round(2)
    query = random.permutation(np.arange(rows) % queries)
    weight = random.uniform(0.5, 2, queries)[query] if weights else None
    return Predictions(labels, scores, weight, {"query": query, "user": query // 2})


@pytest.mark.parametrize("metric", [AUC(), LogLoss(), NE(), NDCG(cutoff=3), GAUC("user")], ids=str)
def test_what_is_left_is_the_metric_of_the_other_rows(metric: Metric) -> None:
    data = drawn()
    blocks = blocks_of(metric, data, seed=1, count=4)
    assert data.weights is not None
    for one, value in enumerate(left_out(metric, data, blocks)):
        kept = blocks != one
        groups = {name: ids[kept] for name, ids in data.groups.items()}
        rest = Predictions(data.labels[kept], data.scores[kept], data.weights[kept], groups)
        assert value == pytest.approx(metric.compute(rest), rel=1e-12)


def test_blocks_hold_whole_groups_and_equally_many() -> None:
    data = drawn(queries=40)
    blocks = blocks_of(NDCG(cutoff=5), data, seed=3)
    for query in range(40):
        assert len(set(blocks[data.groups["query"] == query])) == 1
    assert [len(set(data.groups["query"][blocks == one])) for one in range(20)] == [2] * 20


def test_one_group_has_no_interval() -> None:
    data = Predictions([0.0, 1.0], [0.1, 0.2], groups={"query": np.array([1, 1])})
    with pytest.raises(DataError, match="at least 2 groups"):
        blocks_of(AUC(), data, seed=0)


def test_of_a_mean_the_variance_is_that_of_the_blocks_means() -> None:
    """By hand: means of blocks 1, 2, 6 (mean 3) leave 4, 3.5, 1.5; the error is sqrt(7/3)."""
    low, high = interval(3.0, np.array([4.0, 3.5, 1.5]), 0.95)
    half = 4.302653 * np.sqrt(7 / 3)  # Student's t of 2 degrees of freedom
    assert (low, high) == pytest.approx((3 - half, 3 + half), rel=1e-6)


@pytest.mark.parametrize("metric", [AUC(), LogLoss()], ids=str)
def test_intervals_hold_the_truth_as_often_as_they_say(metric: Any) -> None:
    """Of 300 logs, 93 to 97 % of intervals of 95 % hold what a log of 400,000 rows has."""
    truth = metric.compute(drawn(400_000, 400_000, seed=10_000, weights=False))
    held = 0
    for seed in range(300):
        data = drawn(400, 400, seed, weights=False)
        low, high = interval(
            metric.compute(data), left_out(metric, data, blocks_of(metric, data, seed))
        )
        held += low <= truth <= high
    assert 0.925 <= held / 300 <= 0.975
