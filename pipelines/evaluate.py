"""Metrics of scored rows, whoever scored them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from features.dataset.dataset import TASK
from features.errors import DataError
from features.suggest import listing
from pipelines.metrics.auc import AUC
from pipelines.metrics.calibration import ECE, PCOC
from pipelines.metrics.evaluate import evaluate
from pipelines.metrics.loss import NE, LogLoss
from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import QUERY, Predictions
from pipelines.metrics.ranking import MRR, NDCG
from pipelines.scoring import PROBABILITY, RANK, TASK_PROBABILITY, UNCALIBRATED

CTR_METRICS: tuple[Metric, ...] = (AUC(), LogLoss(), NE(), PCOC(), ECE(bins=20))
RANKING_METRICS: tuple[Metric, ...] = (NDCG(cutoff=10), MRR())

Results = dict[str, dict[str, float]]


def evaluate_scores(scored: pl.DataFrame, metrics: Sequence[Metric] = ()) -> Results:
    """Metrics by scorer: `ctr` for the column probability, `ranker` for the column rank, and
    `uncalibrated` for what the model's probabilities were before their calibration. A further task
    goes by its name, over the rows where its label was observed.

    Without `metrics`, those that fit: CTR metrics for probabilities with labels 0 and 1, ranking
    metrics where the rows have queries.

    Raises:
        DataError: no label, or a metric is not defined for these rows.
    """
    if "label" not in scored.columns:
        raise DataError(
            f"Evaluation needs a label; the rows hold {listing(scored.columns)}. "
            "Declare data.label, or name the column."
        )
    results: Results = {}
    grouped = "query" in scored.columns
    if PROBABILITY in scored.columns:
        chosen = metrics or (*CTR_METRICS, *(RANKING_METRICS if grouped else ()))
        results["ctr"] = evaluate(chosen, predictions(scored, PROBABILITY))
        if UNCALIBRATED in scored.columns:
            results[UNCALIBRATED] = evaluate(chosen, predictions(scored, UNCALIBRATED))
        for label in [name for name in scored.columns if name.startswith(TASK)]:
            task, rows = label.removeprefix(TASK), scored.drop_nulls(label)
            results[task] = evaluate(chosen, predictions(rows, TASK_PROBABILITY + task, label))
    if RANK in scored.columns and not (
        PROBABILITY in scored.columns and scored[PROBABILITY].equals(scored[RANK])
    ):
        chosen = metrics or (RANKING_METRICS if grouped else CTR_METRICS[:1])
        if "ctr" in results:  # metrics of probabilities were asked of those
            chosen = [metric for metric in chosen if not metric.of_probabilities]
        results["ranker"] = evaluate(chosen, predictions(scored, RANK))
    return results


def predictions(scored: pl.DataFrame, column: str, label: str = "label") -> Predictions:
    """Labels, weights and queries of scored rows, against one column of scores."""
    return Predictions(
        labels=scored[label].cast(pl.Float64).to_numpy(),
        scores=scored[column].cast(pl.Float64).to_numpy(),
        weights=scored["weight"].cast(pl.Float64).to_numpy() if "weight" in scored else None,
        groups={QUERY: scored["query"].to_numpy()} if "query" in scored.columns else {},
    )
