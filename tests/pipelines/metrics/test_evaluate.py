"""evaluate: the values, their names, and the sorting done once."""

from unittest import mock

import numpy as np
import pytest

from features.errors import DataError
from pipelines.metrics.evaluate import evaluate
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.radix import descending

FORMS = ("nDCG@10", "AUC", "LogLoss", "GAUC(user_id)", "MRR", "ECE(bins=20)", "Recall@5")


def clicks(rows: int, groups: int) -> Predictions:
    random = np.random.default_rng(0)
    scores = random.random(rows)
    ids = random.integers(0, groups, rows)
    labels = random.random(rows) < scores / 2
    return Predictions(labels, scores, None, {"user_id": ids, "query": ids})


def test_values_by_name_in_the_order_asked() -> None:
    metrics = [parse_metric(form) for form in FORMS]
    found = evaluate(metrics, clicks(2000, 100))
    assert tuple(found) == FORMS
    assert found == {str(m): m.compute(clicks(2000, 100)) for m in metrics}


def test_each_ranking_is_sorted_once() -> None:
    data = clicks(2000, 100)
    with mock.patch.object(Predictions, "_rank", autospec=True, side_effect=Predictions._rank) as r:
        evaluate([parse_metric(form) for form in FORMS], data)
    assert [call.args[1] for call in r.call_args_list] == ["query", None, "user_id"]


def test_metrics_in_threads_share_the_sorting_and_the_values() -> None:
    metrics = [parse_metric(form) for form in FORMS]
    serial = evaluate(metrics, clicks(3000, 100))
    with (
        mock.patch("pipelines.metrics.evaluate._WORTH_THREADS", 1),
        mock.patch("pipelines.metrics.predictions.descending", side_effect=descending) as sort,
    ):
        for _ in range(5):
            assert evaluate(metrics, clicks(3000, 100)) == serial
    assert sort.call_count == 5


def test_a_missing_group_is_refused_before_any_work() -> None:
    data = Predictions([0, 1], [0.1, 0.2])
    with (
        mock.patch("pipelines.metrics.auc.AUC.compute") as compute,
        pytest.raises(DataError, match=r"MRR needs the group column 'query'"),
    ):
        evaluate([parse_metric("AUC"), parse_metric("MRR")], data)
    compute.assert_not_called()
