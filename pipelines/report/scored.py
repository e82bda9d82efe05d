"""Scored rows, and what is known of them and of who scored them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipelines.evaluate import Results, predictions
from pipelines.evaluation.slices import By
from pipelines.metrics.predictions import Predictions
from pipelines.run import Run
from pipelines.scoring import PROBABILITY, RANK, UNCALIBRATED


@dataclass(frozen=True, eq=False)
class Scored:
    """What a report is of.

    frame: labels and scores, and where known queries, weights and positions, as `crossrank
    evaluate` has them. label: the name of its column. columns: those of the log that slices are
    made of, `by` which; smaller ones than `least` rows are counted only. cluster: a column of the
    frame, or `row`. groups: columns of it that metrics need. card: what is known of the data and
    the model. truth: what a simulator knows.
    """

    name: str
    frame: pl.DataFrame
    label: str = "label"
    part: str | None = None
    columns: pl.DataFrame = field(default_factory=pl.DataFrame)
    by: tuple[By, ...] = ()
    least: int = 100
    cluster: str | None = None
    groups: tuple[str, ...] = ()
    run: Run | None = None
    card: dict[str, Any] = field(default_factory=dict)
    truth: Results = field(default_factory=dict)

    @property
    def scorers(self) -> dict[str, str]:
        """The column of each scorer's scores, the one that the report is about first."""
        found = {}
        if PROBABILITY in self.frame.columns:
            found["ctr"] = PROBABILITY
        if RANK in self.frame.columns and not (
            found and self.frame[PROBABILITY].equals(self.frame[RANK])
        ):
            found["ranker"] = RANK
        if UNCALIBRATED in self.frame.columns:
            found["uncalibrated"] = UNCALIBRATED
        return found

    @property
    def binary(self) -> bool:
        """Whether every label is 0 or 1."""
        return bool(self.frame["label"].cast(pl.Float64).is_in([0.0, 1.0]).all())

    def predictions(self, scorer: str) -> Predictions:
        """With every group that a metric or an interval needs."""
        own = [] if self.cluster is None else [self.cluster]
        return predictions(self.frame, self.scorers[scorer], groups=[*own, *self.groups])
