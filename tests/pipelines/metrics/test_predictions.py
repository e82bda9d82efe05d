"""Predictions: what is refused, and how rows are ranked."""

from typing import Any
from unittest import mock

import numpy as np
import pytest

from features.errors import DataError
from pipelines.metrics.auc import AUC, GAUC
from pipelines.metrics.evaluate import evaluate
from pipelines.metrics.loss import LogLoss
from pipelines.metrics.predictions import Predictions

NAN = float("nan")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"scores": [0.1, NAN, NAN]}, "NaN; got otherwise in 2 of 3 rows, first nan at row 1"),
        ({"labels": [0, 1, NAN]}, "labels must be finite; got otherwise in 1 of 3 .* at row 2"),
        ({"labels": [0, np.inf, 1]}, "labels must be finite"),
        ({"labels": ["no", "yes", "no"]}, "labels must be numbers"),
        ({"labels": [], "scores": []}, r"labels must have the shape \(rows,\) .*got \(0,\)"),
        ({"scores": [[0.1], [0.2], [0.3]]}, r"scores must have the shape .*got \(3, 1\)"),
        ({"scores": [0.1, 0.2]}, "scores must have as many rows .* got 2 for 3 labels.* is 2"),
        ({"weights": [1, 2]}, "weights must have as many rows as labels; got 2 for 3"),
        ({"weights": [1, -2, -3]}, "weights must be .* in 2 of 3 rows, first -2.0 at row 1"),
        ({"weights": [1, NAN, 1]}, "weights must be finite"),
        ({"weights": [0, 0, 0]}, "weights must not all be 0"),
        ({"groups": {"user": [1, 2, 3, 4]}}, r"groups\['user'\] .* got 4 for 3 labels.* is 3"),
    ],
)
def test_refuses_rows_it_cannot_hold(fields: dict[str, Any], message: str) -> None:
    columns: dict[str, Any] = {"labels": [0, 1, 0], "scores": [0.1, 0.2, 0.3]} | fields
    with pytest.raises(DataError, match=message):
        Predictions(**columns)


@pytest.mark.parametrize("ids", [["a", None, "b"], [1.0, NAN, 2.0]])
def test_refuses_to_rank_rows_without_a_group(ids: list[Any]) -> None:
    data = Predictions([0, 1, 0], [0.1, 0.2, 0.3], None, {"query": np.array(ids)})
    with pytest.raises(DataError, match=r"id in every row; got otherwise in 1 of 3 .* at row 1"):
        data.ranked("query")


def test_refuses_to_rank_by_a_group_it_does_not_hold() -> None:
    data = Predictions([0, 1], [0.1, 0.2], None, {"user_id": np.array([1, 2])})
    with pytest.raises(DataError, match="'query'; the predictions hold user_id"):
        data.ranked("query")


def test_columns_are_float64_read_only_and_the_callers_stay_writable() -> None:
    labels = np.array([0.0, 1.0])
    data = Predictions(labels, np.array([0.5, 0.25], dtype=np.float32), [1, 2])
    assert data.scores.dtype == data.weights.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        data.labels[0] = 1.0
    labels[0] = 1.0


def test_ranks_within_groups_from_high_to_low() -> None:
    data = Predictions(
        labels=[1, 2, 3, 4, 5, 6],
        scores=[0.1, 0.5, 0.5, -np.inf, 0.9, np.inf],
        weights=[10, 20, 30, 40, 50, 60],
        groups={"query": np.array(["b", "a", "a", "b", "a", "b"])},
    )
    ranked = data.ranked("query")
    assert ranked.keys.tolist() == ["b", "a"]
    assert ranked.labels.tolist() == [6, 1, 4, 5, 2, 3]
    assert ranked.weights is not None
    assert ranked.weights.tolist() == [60, 10, 40, 50, 20, 30]
    assert ranked.starts.tolist() == [0, 3]
    assert ranked.ties.tolist() == [0, 1, 2, 3, 4]
    assert ranked.tie_sizes.tolist() == [1, 1, 1, 1, 2]
    assert ranked.rank.tolist() == [0, 1, 2, 0, 1, 2]
    assert ranked.rows_above.tolist() == [0, 1, 2, 0, 1]
    assert ranked.place_in_tie.tolist() == [0, 0, 0, 0, 0, 1]
    assert ranked.best_labels.tolist() == [6, 4, 1, 5, 3, 2]
    assert ranked.sums_above(np.array([1.0, 2, 3, 4, 5])).tolist() == [0, 1, 3, 0, 4]
    assert data.ranked("query") is ranked


def test_equal_scores_of_two_groups_are_not_tied() -> None:
    data = Predictions([0, 1, 0], [0.5, 0.5, 0.5], None, {"query": np.array([7, 8, 8])})
    assert data.ranked("query").ties.tolist() == [0, 1]
    assert data.ranked().ties.tolist() == [0]


def test_other_weights_rank_as_before_without_sorting_again() -> None:
    random = np.random.default_rng(5)
    labels, scores, users = random.integers(0, 2, 300), random.random(300), np.arange(300) % 9
    weights = random.integers(0, 3, 300)
    data = Predictions(labels, scores, None, {"user": users})
    metrics = (AUC(), GAUC("user"), LogLoss())
    evaluate(metrics, data)
    with mock.patch.object(Predictions, "_rank", side_effect=AssertionError("sorted again")):
        found = evaluate(metrics, data.reweighted(weights))
    assert found == evaluate(metrics, Predictions(labels, scores, weights, {"user": users}))
