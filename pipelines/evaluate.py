"""Metrics of scored rows, whoever scored them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from features.dataset.dataset import TASK
from features.errors import DataError
from features.suggest import listing
from pipelines.metrics.auc import AUC
from pipelines.metrics.calibration import ECE, PCOC
from pipelines.metrics.evaluate import evaluate
from pipelines.metrics.items import Items
from pipelines.metrics.loss import NE, LogLoss
from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import QUERY, Predictions
from pipelines.metrics.ranking import MRR, NDCG
from pipelines.scoring import PROBABILITY, RANK, TASK_PROBABILITY, UNCALIBRATED

CTR_METRICS: tuple[Metric, ...] = (AUC(), LogLoss(), NE(), PCOC(), ECE(bins=20))
RANKING_METRICS: tuple[Metric, ...] = (NDCG(cutoff=10), MRR())

Results = dict[str, dict[str, float]]


@dataclass(frozen=True, eq=False)
class Judged:
    """One scorer's predictions, the rows that they are of, and the metrics asked of them."""

    rows: pl.DataFrame
    data: Predictions
    metrics: tuple[Metric, ...]


def evaluate_scores(scored: pl.DataFrame, metrics: Sequence[Metric] = ()) -> Results:
    """Metrics by scorer, as `scorers` has it.

    Raises:
        DataError: no label, or a metric is not defined for these rows.
    """
    return {who: evaluate(one.metrics, one.data) for who, one in scorers(scored, metrics).items()}


def scorers(
    scored: pl.DataFrame,
    metrics: Sequence[Metric] = (),
    groups: Sequence[str] = (),
    further: Sequence[Metric] = (),
    items: Items | None = None,
) -> dict[str, Judged]:
    """`ctr` for the column probability, `ranker` for the column rank, and `uncalibrated` for what
    the model's probabilities were before their calibration. A further task goes by its name, over
    the rows where its label was observed.

    Without `metrics`, those that fit: CTR metrics for probabilities with labels 0 and 1, ranking
    metrics where the rows have queries. `further` metrics are asked beside either. `groups` are
    columns to keep beside the metrics' own; `items` is what is known of those shown.

    Raises:
        DataError: no label.
    """
    if "label" not in scored.columns:
        raise DataError(
            f"Evaluation needs a label; the rows hold {listing(scored.columns)}. "
            "Declare data.label, or name the column."
        )
    found: dict[str, Judged] = {}
    grouped = "query" in scored.columns

    def judge(who: str, column: str, chosen: Sequence[Metric], label: str = "label") -> None:
        chosen = tuple(dict.fromkeys([*chosen, *further]))
        if who == "ranker" and "ctr" in found:  # metrics of probabilities were asked of those
            chosen = tuple(metric for metric in chosen if not metric.of_probabilities)
        wanted = [*groups, *(name for metric in chosen for name in metric.needs_groups)]
        rows = scored if label == "label" else scored.drop_nulls(label)
        found[who] = Judged(rows, predictions(rows, column, label, wanted, items), chosen)

    if PROBABILITY in scored.columns:
        chosen = metrics or (*CTR_METRICS, *(RANKING_METRICS if grouped else ()))
        judge("ctr", PROBABILITY, chosen)
        if UNCALIBRATED in scored.columns:
            judge(UNCALIBRATED, UNCALIBRATED, chosen)
        for label in [name for name in scored.columns if name.startswith(TASK)]:
            task = label.removeprefix(TASK)
            judge(task, TASK_PROBABILITY + task, chosen, label)
    if RANK in scored.columns and not (
        PROBABILITY in scored.columns and scored[PROBABILITY].equals(scored[RANK])
    ):
        chosen = metrics or (RANKING_METRICS if grouped else CTR_METRICS[:1])
        judge("ranker", RANK, chosen)
    return found


def predictions(
    scored: pl.DataFrame,
    column: str,
    label: str = "label",
    groups: Sequence[str] = (),
    items: Items | None = None,
) -> Predictions:
    """Labels, weights, queries and further groups of scored rows, against a column of scores."""
    ids = [QUERY, *(name for name in groups if name != QUERY)]
    return Predictions(
        labels=scored[label].cast(pl.Float64).to_numpy(),
        scores=scored[column].cast(pl.Float64).to_numpy(),
        weights=scored["weight"].cast(pl.Float64).to_numpy() if "weight" in scored else None,
        groups={name: scored[name].to_numpy() for name in ids if name in scored.columns},
        items=items,
    )
