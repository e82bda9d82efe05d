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

_ALMOST_0 = 1e-12
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
    clusters, whole = Clusters.by(data, cluster), AUC().compute(data)
    sure = 1 - (1 - level) / max(len(made.slices), 1)
    reach = tuple(NormalDist().inv_cdf((1 + one) / 2) for one in (level, sure))
    found: list[Document] = [
        {"column": shown.name_of(one.by), "value": shown.value(one.value), "rows": len(one.rows)}
        | _measured(one.rows, data, clusters, whole, reach[0], probabilities=probabilities)
        for one in made.slices
    ]
    for one in found:
        parts = [one[key] for key in ("rate", "auc") if one[key] is not None]
        for part in parts:
            part["off"] = bool(part["distance"] > reach[1])
        one["stands_out"] = any(part["off"] for part in parts)
    found.sort(key=lambda one: (-one["stands_out"], -_distance(one)))
    return {"auc": whole, "slices": found, "note": made.note}


def _distance(one: Document) -> float:
    """The larger of the two, in standard errors."""
    return max((one[key]["distance"] for key in ("rate", "auc") if one[key]), default=0.0)


def _measured(
    rows: Ints,
    data: Predictions,
    clusters: Clusters,
    whole: float,
    z: float,
    *,
    probabilities: bool,
) -> Document:
    weights = None if data.weights is None else data.weights[rows]
    if weights is not None and not weights.any():
        return {"rate": None, "auc": None}
    own, of = Predictions(data.labels[rows], data.scores[rows], weights), clusters.of[rows]
    (told,) = bins(np.zeros(len(rows), np.intp), own, of).values()
    rate = asdict(told) | {"distance": 0.0}
    if probabilities:
        end = told.low if told.predicted < told.observed else told.high
        error = max(abs(end - told.observed), _ALMOST_0) / z
        rate["distance"] = float(abs(told.predicted - told.observed) / error)
    enough = min(told.positives, told.rows - told.positives) >= _LEAST
    return {"rate": rate, "auc": _auc(own, of, whole, z) if enough else None}


def _auc(own: Predictions, of: Ints, whole: float, z: float) -> Document | None:
    """DeLong's interval, by cluster; None where weights leave one class, or there is one cluster.

    Only an AUC below that of all rows is far from it.
    """
    _, codes = np.unique(of, return_inverse=True)
    clusters = Clusters("slice", codes, int(codes.max()) + 1)
    try:
        known = statistic(AUC(), own, clusters, seed=0)
    except DataError:
        return None
    value, error = (np.nan, np.nan) if known is None else standard_error(known[0])
    if not np.isfinite(error):
        return None
    return {
        "value": value,
        "low": max(value - z * error, 0.0),
        "high": min(value + z * error, 1.0),
        "distance": float(max(whole - value, 0.0) / max(error, _ALMOST_0)),
    }
