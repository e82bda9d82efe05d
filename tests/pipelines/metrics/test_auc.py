"""AUC and GAUC against pairs counted one by one, scikit-learn, and hand-worked numbers."""

from collections.abc import Callable
from itertools import product
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from features.errors import DataError
from pipelines.metrics.auc import AUC, GAUC, Weighting
from pipelines.metrics.predictions import Predictions

ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(-3, 3), st.integers(0, 3), st.integers(0, 2)),
    min_size=1,
    max_size=24,
)


def by_pairs(rows: list[tuple[bool, int, int, int]]) -> float | None:
    """AUC by comparing every weighted pair; None without a pair."""
    won = pairs = 0.0
    for (positive, high, weight, _), (other, low, other_weight, _) in product(rows, rows):
        if positive and not other:
            pairs += weight * other_weight
            won += weight * other_weight * ((high > low) + 0.5 * (high == low))
    return won / pairs if pairs else None


def as_data(rows: list[tuple[bool, int, int, int]]) -> Predictions:
    labels, scores, weights, users = (np.array(column) for column in zip(*rows, strict=True))
    return Predictions(labels, scores, weights, {"user_id": users})


@given(ROWS)
def test_auc_counts_every_pair(rows: list[tuple[bool, int, int, int]]) -> None:
    expected = by_pairs(rows)
    assume(any(weight for *_, weight, _ in rows))
    if expected is None:
        with pytest.raises(DataError, match="AUC needs rows of both classes"):
            AUC().compute(as_data(rows))
    else:
        assert AUC().compute(as_data(rows)) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@given(ROWS)
def test_gauc_averages_the_auc_of_users_by_impressions(
    rows: list[tuple[bool, int, int, int]],
) -> None:
    assume(any(weight for *_, weight, _ in rows))
    found, skipped = [], 0
    for user in {row[3] for row in rows}:
        own = [row for row in rows if row[3] == user]
        area = by_pairs(own)
        skipped += area is None
        if area is not None:
            found.append((area, sum(row[2] for row in own)))
    assert GAUC("user_id").per_group(as_data(rows)).skipped == skipped
    if found:
        expected = sum(a * w for a, w in found) / sum(w for _, w in found)
        assert GAUC("user_id").compute(as_data(rows)) == pytest.approx(expected, rel=1e-12)
    else:
        with pytest.raises(DataError, match=f"got {skipped} groups, {skipped} of them skipped"):
            GAUC("user_id").compute(as_data(rows))


@pytest.mark.parametrize("weighted", [False, True])
def test_auc_is_scikit_learns(weighted: bool) -> None:
    random = np.random.default_rng(0)
    labels, scores = random.integers(0, 2, 5000), random.normal(size=5000).round(2)
    weights = random.random(5000) if weighted else None
    expected = roc_auc_score(labels, scores, sample_weight=weights)
    assert AUC().compute(Predictions(labels, scores, weights)) == pytest.approx(expected, rel=1e-13)


def test_auc_by_hand() -> None:
    # Pairs (0.8 > 0.8? half), (0.8 > 0.1), (0.4 < 0.8), (0.4 > 0.1): 2.5 of 4.
    data = Predictions([1, 0, 1, 0], [0.8, 0.8, 0.4, 0.1])
    assert AUC().compute(data) == 0.625


@pytest.mark.parametrize("monotone", [np.exp, lambda s: 5 * s - 3, lambda s: s**3, np.arctan])
def test_auc_sees_only_the_order(monotone: Callable[[np.ndarray], np.ndarray]) -> None:
    random = np.random.default_rng(1)
    labels, scores = random.integers(0, 2, 400), random.integers(-9, 9, 400) / 4
    straight = AUC().compute(Predictions(labels, scores))
    bent = AUC().compute(Predictions(labels, monotone(scores)))
    assert bent == straight
    assert AUC().compute(Predictions(labels, -scores)) == pytest.approx(1 - straight, rel=1e-14)


def test_infinite_scores_rank_at_the_ends() -> None:
    assert AUC().compute(Predictions([1, 1, 0, 0], [np.inf, 0, 0, -np.inf])) == 0.875
    assert AUC().compute(Predictions([1, 0, 0], [np.inf, np.inf, -np.inf])) == 0.75


def test_gauc_by_hand_tells_what_it_skipped() -> None:
    data = Predictions(
        labels=[1, 0, 1, 1, 0, 0, 1],
        scores=[0.9, 0.1, 0.5, 0.6, 0.2, 0.7, 0.2],
        groups={"user_id": np.array(["u", "u", "v", "v", "w", "w", "w"])},
    )
    # u: 1 with 2 rows; v: one class; w: half of a tie and one loss, 0.25, with 3 rows.
    found = GAUC("user_id").per_group(data)
    assert found.keys.tolist() == ["u", "v", "w"]
    assert found.values[[0, 2]].tolist() == [1.0, 0.25]
    assert np.isnan(found.values[1])
    assert found.weights.tolist() == [2, 2, 3]
    assert found.skipped == 1
    assert found.skipped_share == pytest.approx(2 / 7)
    assert GAUC("user_id").compute(data) == pytest.approx((2 * 1 + 3 * 0.25) / 5)


def test_gauc_weighs_groups_as_asked() -> None:
    data = Predictions(
        labels=[1, 0, 1, 1, 0, 0, 0, 0],
        scores=[0.9, 0.1, 0.5, 0.3, 0.4, 0.2, 0.7, 0.8],
        weights=[1, 2, 1, 1, 1, 1, 5, 5],
        groups={"session": np.array(list("uuvvvvww"))},
    )
    # u: 1 of weight 3, click weight 1; v: 3 of 4 pairs, of weight 4 and 2; w has one class.
    by = {"impressions": (3 + 4 * 0.75) / 7, "clicks": (1 + 2 * 0.75) / 3, "equal": 1.75 / 2}
    skipped = {"impressions": 10 / 17, "clicks": 0, "equal": 1 / 3}
    for weighting in get_args(Weighting):
        metric = GAUC("session", weighting)
        assert metric.compute(data) == pytest.approx(by[weighting])
        found = metric.per_group(data)
        assert found.skipped == 1
        assert found.skipped_share == pytest.approx(skipped[weighting])


def test_huge_groups_do_not_blur_the_others() -> None:
    random = np.random.default_rng(2)
    data = Predictions(
        labels=[*np.tile([1] * 49 + [0], 20), 1, 0, 0],
        scores=[*np.linspace(1, 0, 1000), 0.9, 0.95, 0.2],
        weights=[*(random.random(1000) * 1e18), 1.0, 2.0, 1.0],
        groups={"user_id": np.array([*np.repeat(np.arange(20), 50), 20, 20, 20])},
    )
    expected = [*np.ones(20), 1 / 3]
    assert GAUC("user_id").per_group(data).values.tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("metric", [AUC(), GAUC("user_id")])
def test_refuses_graded_labels(metric: AUC | GAUC) -> None:
    data = Predictions([0, 2, 3], [0.1, 0.2, 0.3], None, {"user_id": np.array([1, 1, 1])})
    with pytest.raises(
        DataError, match=r"needs labels of 0 or 1; got .* 2 of 3 rows, first 2.0 at"
    ):
        metric.compute(data)


def test_one_class_says_which() -> None:
    with pytest.raises(DataError, match="all 2 labels of positive weight are 1"):
        AUC().compute(Predictions([1, 1], [0.1, 0.2]))
    with pytest.raises(DataError, match="labels of positive weight are 1"):
        AUC().compute(Predictions([1, 0], [0.1, 0.2], [1, 0]))
