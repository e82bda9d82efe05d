"""What chooses a ranker's best round."""

import numpy as np
import pytest

from features.errors import ConfigError
from pipelines.judge import judge_of, metric_of
from ranking.query_data import QueryData


def data(order: list[int], weight: list[float] | None = None) -> QueryData:
    """Two queries: a click at the top of three, a click at the bottom of two."""
    query, label = np.array([7, 7, 7, 9, 9]), np.array([1, 0, 0, 0, 1])
    position = np.array([0, 1, 2, 0, 1])
    by_row = None if weight is None else np.array(weight)[[0, 0, 0, 1, 1]][order]
    rows = np.zeros((5, 1), np.float32)
    return QueryData.of(rows, label[order], query[order], position[order], by_row)


def test_it_is_the_metric_of_scores_in_the_order_of_the_examples() -> None:
    valid = data([0, 1, 2, 3, 4])
    scores = np.array([3, 2, 1, 5, 4], np.float32)
    assert judge_of(metric_of("MRR"), valid)(scores) == pytest.approx((1 + 1 / 2) / 2)
    weighted = judge_of(metric_of("MRR"), data([0, 1, 2, 3, 4], [3, 1]))
    assert weighted(scores) == pytest.approx((3 * 1 + 1 * 1 / 2) / 4)


def test_the_logged_order_of_ties_earns_nothing() -> None:
    """Of equal scores each order is as likely: 1/3 for the first query, 1/2 for the second."""
    judge = judge_of(metric_of("nDCG@1"), data([4, 0, 2, 3, 1]))
    assert judge(np.zeros(5, np.float32)) == pytest.approx((1 / 3 + 1 / 2) / 2)


@pytest.mark.parametrize("text", ["LogLoss", "PCOC", "NE", "GAUC(user)"])
def test_what_is_of_no_order_within_queries_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"ranker\.metric must measure the order"):
        metric_of(text)


@pytest.mark.parametrize("text", ["nDCG@10", "nDCG@5(gain=exp2,empty=zero)", "MAP", "HitRate@3"])
def test_what_it_takes(text: str) -> None:
    assert str(metric_of(text)) == text
