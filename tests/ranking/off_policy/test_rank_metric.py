"""What ranks are worth: by hand, and as scikit-learn and the offline metrics have it."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import dcg_score

from features.errors import ConfigError
from ranking.off_policy.rank_metric import RankMetric
from ranking.off_policy.rounds import Rounds


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("dcg", [1, 1 / np.log2(3), 0.5]),
        ("ndcg@2", [1, 1 / np.log2(3), 0]),
        ("mrr", [1, 1 / 2, 1 / 3]),
        ("hits@1", [1, 0, 0]),
        ("hits@30", [1, 1, 1]),
    ],
)
def test_a_metric_prints_as_it_is_parsed(text: str, worth: list[float]) -> None:
    metric = RankMetric.parse(text)
    assert str(metric) == text
    np.testing.assert_allclose(metric.worth(3), worth)


@pytest.mark.parametrize("text", ["auc", "dcg@0", "dcg@", "dcg10", "DCG", " dcg", ""])
def test_others_are_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(ConfigError, match=r"one of dcg, ndcg, mrr, hits,.* got '" + text):
        RankMetric.parse(text)


def test_ranks_are_within_queries() -> None:
    """Scores 1, 3, 2 rank 3, 1, 2; the next query starts anew."""
    scores = np.array([1.0, 3, 2, 5, 6])
    found = RankMetric.parse("mrr").of_rows(scores, Rounds.of(5, [3, 2]))
    np.testing.assert_allclose(found, [1 / 3, 1, 1 / 2, 1 / 2, 1])


def test_ties_share_the_mean_over_their_orders() -> None:
    scores = np.array([1.0, 2, 1, 1])
    metric, one = RankMetric.parse("dcg@2"), Rounds.of(4, [4])
    orders = [
        metric.of_rows(scores + np.array(noise) * 1e-6, one) for noise in permutations(range(4))
    ]
    np.testing.assert_allclose(metric.of_rows(scores, one), np.mean(orders, axis=0))


def test_it_is_scikit_learns_dcg_with_ties() -> None:
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 3, (40, 12)), rng.integers(0, 5, (40, 12)).astype(float)
    rounds = Rounds.of(480, np.full(40, 12))
    found = rounds.sums(labels.ravel() * RankMetric.parse("dcg@5").of_rows(scores.ravel(), rounds))
    assert found.mean() == pytest.approx(dcg_score(labels, scores, k=5))
