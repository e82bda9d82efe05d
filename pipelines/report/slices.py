"""Where predictions are off: rows by the values of a column, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import DataError
from pipelines.evaluation.slices import By, cut
from pipelines.metrics.auc import AUC
from pipelines.metrics.predictions import Predictions
from pipelines.page import shown
from pipelines.report.bins import bins
from pipelines.uncertainty.clusters import Clusters
from pipelines.uncertainty.resample import standard_error
from pipelines.uncertainty.statistics import statistic

_LEAST = 20  # rows of either label in a slice whose AUC is told

Ints = npt.NDArray[np.intp]
Document = dict[str, Any]


def slices(
    columns: pl.DataFrame,
    by: Sequence[By],
    least: int,
    data: Predictions,
    cluster: str | None,
    *,
    probabilities: bool,
    level: float = 0.95,
) -> Document:
    """Of labels 0 and 1: each slice's rate, predictions where they are probabilities, and AUC.

    A slice stands out where its observed rate or its AUC is off by more than looking at so many
    slices explains: outside its interval at the level 1 - (1 - level) / slices (Bonferroni).
    """
    made = cut(columns, by, least)
    clusters = Clusters.by(data, cluster)
    whole = AUC().compute(data)
    sure = 1 - (1 - level) / max(len(made.slices), 1)
    found = [
        {"column": shown.name_of(one.by), "value": shown.value(one.value), "rows": len(one.rows)}
        | _measured(one.rows, data, clusters, level, sure, whole, probabilities)
        for one in made.slices
    ]
    found.sort(key=lambda one: (-one["stands_out"], -one["worst"]))
    return {"auc": whole, "slices": found, "note": made.note}


def _measured(
    rows: Ints,
    data: Predictions,
    clusters: Clusters,
    level: float,
    sure: float,
    whole: float,
    probabilities: bool,
) -> Document:
    weights = None if data.weights is None else data.weights[rows]
    if weights is not None and not weights.any():
        return {"rate": None, "auc": None, "stands_out": False, "worst": -1.0}
    own = Predictions(data.labels[rows], data.scores[rows], weights)
    of = clusters.of[rows]
    wide = NormalDist().inv_cdf((1 + sure) / 2) / NormalDist().inv_cdf((1 + level) / 2)
    (told,) = bins(np.zeros(len(rows), np.intp), own, of).values()
    found: Document = {"rate": asdict(told), "auc": None, "stands_out": False}
    far = []
    if probabilities:
        end = told.low if told.predicted < told.observed else told.high
        far.append(abs(told.predicted - told.observed) / max(abs(end - told.observed), 1e-12))
    if min(told.positives, told.rows - told.positives) >= _LEAST:
        try:
            area = _auc(own, of, level)
        except DataError:  # weights leave one class
            area = None
        if area is not None:
            found["auc"] = area
            reach = area["high"] - area["value"]
            far.append((whole - area["value"]) / max(reach, 1e-12))
    found["worst"] = float(max(far, default=-1.0))
    found["stands_out"] = bool(found["worst"] > wide)
    return found


def _auc(own: Predictions, of: Ints, level: float) -> Document | None:
    """DeLong's interval, by cluster; None where a single one leaves nothing to tell it by."""
    _, codes = np.unique(of, return_inverse=True)
    clusters = Clusters("slice", codes, int(codes.max()) + 1)
    value, error = standard_error(statistic(AUC(), own, clusters, seed=0)[0])
    if not np.isfinite(error):
        return None
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    return {"value": value, "low": max(value - reach, 0.0), "high": min(value + reach, 1.0)}
