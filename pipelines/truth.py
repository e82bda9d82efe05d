"""A simulated log's ground truth, against what a model made of the log."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from features.errors import DataError
from pipelines.evaluate import Results, evaluate_scores, predictions
from pipelines.metrics.ranking import NDCG
from pipelines.scoring import PROBABILITY, RANK
from pipelines.simulator.simulation import Simulation

RELEVANCE = "nDCG@10 of relevance"
CEILING = "truth"


def against_truth(scored: pl.DataFrame, folder: Path) -> Results:
    """Each scorer's nDCG@10 with the true relevance as gain, and what the truth itself reaches.

    The truth knows each row's position, which a model that has to score before the page is laid
    out does not: its AUC and log loss are bounds, not goals.

    Raises:
        DataError: `folder` is no simulation, or not the one the rows come from.
    """
    truth = _joined(scored, Simulation.read(folder))
    results: Results = {}
    for who, column in (("ctr", PROBABILITY), ("ranker", RANK)):
        if column in truth.columns:
            results[who] = {RELEVANCE: _relevance(truth, column)}
    perfect = truth.select(
        "label", "query", pl.col("click_probability").alias(PROBABILITY), "relevance"
    )
    results[CEILING] = evaluate_scores(perfect)["ctr"]
    results[CEILING][RELEVANCE] = _relevance(truth, "relevance")
    return results


def true_scores(scored: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """The scored rows with the truth's click probability and relevance for scores.

    Raises DataError as `against_truth` does.
    """
    truth = _joined(scored.drop(PROBABILITY, RANK, strict=False), Simulation.read(folder))
    return truth.select(
        *(name for name in scored.columns if name not in (PROBABILITY, RANK)),
        pl.col("click_probability").alias(PROBABILITY),
        pl.col("relevance").alias(RANK),
    )


def _joined(scored: pl.DataFrame, simulation: Simulation) -> pl.DataFrame:
    truth = pl.scan_parquet(simulation.truth_files)
    rows = (
        scored.lazy()
        .join(
            truth.with_columns(pl.col("position").cast(pl.Int64)),
            left_on=["query", "position"],
            right_on=["query_id", "position"],
            how="left",
            maintain_order="left",
        )
        .collect()
    )
    if unknown := rows["relevance"].null_count():
        raise DataError(
            f"Every scored row must be in the simulation {simulation.path}; {unknown} of "
            f"{rows.height} are not. Mend data.truth."
        )
    return rows


def _relevance(truth: pl.DataFrame, column: str) -> float:
    gains = truth.with_columns(label=pl.col("relevance"))
    return NDCG(cutoff=10).compute(predictions(gains, column))
