import math

import polars as pl
import pytest

from features.errors import DataError
from pipelines.evaluate import evaluate_scores
from pipelines.metrics.auc import AUC
from pipelines.metrics.loss import LogLoss
from pipelines.metrics.ranking import NDCG

SCORED = pl.DataFrame(
    {
        "label": [1, 0, 0, 1],
        "query": ["a", "a", "b", "b"],
        "probability": [0.8, 0.4, 0.5, 0.5],
        "rank": [-2.0, 3.0, 1.0, 2.0],
    }
)


def test_each_scorer_has_the_metrics_that_fit_it() -> None:
    results = evaluate_scores(SCORED)
    assert results["ctr"]["AUC"] == pytest.approx(3.5 / 4)
    assert results["ctr"]["LogLoss"] == pytest.approx(
        -(math.log(0.8) + math.log(0.6) + 2 * math.log(0.5)) / 4
    )
    assert set(results["ranker"]) == {"nDCG@10", "MRR"}
    assert results["ranker"]["MRR"] == pytest.approx((0.5 + 1) / 2)


def test_metrics_of_probabilities_are_left_to_the_model() -> None:
    results = evaluate_scores(SCORED, [AUC(), LogLoss(), NDCG(cutoff=5)])
    assert set(results["ctr"]) == {"AUC", "LogLoss", "nDCG@5"}
    assert set(results["ranker"]) == {"AUC", "nDCG@5"}
    with pytest.raises(DataError, match="probabilities"):
        evaluate_scores(SCORED.drop("probability"), [LogLoss()])


def test_scores_without_queries_or_labels() -> None:
    assert set(evaluate_scores(SCORED.drop("query"))["ranker"]) == {"AUC"}
    assert set(evaluate_scores(SCORED.drop("rank"))) == {"ctr"}
    with pytest.raises(DataError, match="needs a label"):
        evaluate_scores(SCORED.drop("label"))


def test_weights_count_rows() -> None:
    weighted = SCORED.drop("query").with_columns(weight=pl.Series([3.0, 1.0, 1.0, 2.0]))
    repeated = pl.concat([weighted, weighted[:1], weighted[:1], weighted[3:]]).drop("weight")
    found, expected = evaluate_scores(weighted), evaluate_scores(repeated)
    assert found["ctr"]["LogLoss"] == pytest.approx(expected["ctr"]["LogLoss"])
    assert found["ctr"]["AUC"] == pytest.approx(expected["ctr"]["AUC"])
