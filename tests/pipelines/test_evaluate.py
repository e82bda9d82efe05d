import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from features.errors import DataError
from pipelines.cli import app
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


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    def command(*arguments: str | Path) -> Any:
        words = ["evaluate", *map(str, arguments), "--json"]
        found = CliRunner().invoke(app, words, catch_exceptions=False)
        return json.loads(found.stdout)

    return command


def test_the_command_joins_a_trec_run_to_its_judgements(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a.qrels").write_text("1 0 a 2\n1 0 b 0\n1 0 c 1\n2 0 a 1\n")
    results = tmp_path / "results"
    results.write_text("1 Q0 b 1 9.5 me\n1 Q0 a 2 7.1 me\n1 Q0 z 3 2 me\n3 Q0 a 1 1 me\n")
    forms = "MAP(as=trec),Recall@9,MRR"
    found = run(results, "--qrels", tmp_path / "a.qrels", "--metrics", forms)
    assert found["metrics"]["ranker"] == {"MAP(as=trec)": 1 / 8, "Recall@9": 1 / 4, "MRR": 1 / 4}
    assert list(found["unmatched"].values()) == [1, 2, 1, 1]
    # The same run as a table, whose ids are numbers.
    table = tmp_path / "run.parquet"
    rows = {"query": [1, 1, 1], "item": ["b", "a", "z"], "score": [9.5, 7.1, 2.0]}
    pl.DataFrame(rows).write_parquet(table)
    again = run(table, "--qrels", tmp_path / "a.qrels", "--metrics", forms)
    assert again["metrics"] == found["metrics"]


def test_the_command_counts_items_in_a_log(run: Any, tmp_path: Path) -> None:
    scored = {"label": [0, 1], "score": [2.0, 1.0], "user": [1, 1], "hotel": ["a", "b"]}
    pl.DataFrame(scored).write_parquet(tmp_path / "scored.parquet")
    log = pl.DataFrame({"hotel": ["a", "a", "b", "c"], "stars": [3, 3, 5, 3]})
    log.write_parquet(tmp_path / "log.parquet")
    found = run(
        tmp_path / "scored.parquet", "--query", "user", "--item", "hotel",
        "--items", tmp_path / "log.parquet", "--described-by", "stars",
        "--metrics", "Coverage@1,Novelty@2,Diversity@2,MRR(as=trec)",
    )  # fmt: skip
    assert found["metrics"]["ranker"] == {
        "Coverage@1": 1 / 3, "Novelty@2": 1.5, "Diversity@2": 1.0, "MRR(as=trec)": 0.5,
    }  # fmt: skip
