"""Where predictions are off: rows by the values of a column, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import DataError
from pipelines.metrics.auc import AUC
from pipelines.metrics.predictions import Predictions
from pipelines.page import shown
from pipelines.report.bins import bins
from pipelines.uncertainty.clusters import Clusters
from pipelines.uncertainty.resample import standard_error
from pipelines.uncertainty.statistics import statistic

_VALUES, _PARTS = 8, 5
_LEAST = 20  # positive rows, and others, of a slice whose AUC is told

Ints = npt.NDArray[np.intp]
Document = dict[str, Any]


def slices(
    columns: Mapping[str, pl.Series],
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
    found: list[Document] = [
        {"column": shown.name_of(name), "value": value, "rows": len(rows), "at": rows}
        for name, column in columns.items()
        for value, rows in cut(column)
    ]
    clusters = Clusters.by(data, cluster)
    whole = AUC().compute(data)
    sure = 1 - (1 - level) / max(len(found), 1)
    for one in found:
        one |= _measured(one.pop("at"), data, clusters, level, sure, whole, probabilities)
    found.sort(key=lambda one: (-one["stands_out"], -one["worst"]))
    return {"auc": whole, "slices": found}


def cut(column: pl.Series) -> Iterator[tuple[str, Ints]]:
    """Names of slices, and their rows: the most frequent values and the rest, or, of many numbers
    and times, fifths of the rows; the missing by themselves."""
    if column.dtype.is_nested():
        column = column.list.len() if isinstance(column.dtype, pl.List) else column.arr.len()
    missing = column.is_null()
    if column.dtype.is_float():
        missing |= column.is_nan().fill_null(False)
    held = column.filter(~missing)
    places = np.flatnonzero(~missing.to_numpy())
    ordered = column.dtype.is_numeric() or column.dtype.is_temporal()
    if ordered and held.n_unique() > 2 * _VALUES:
        yield from _parts(held, places)
    else:
        yield from _values(held, places)
    if missing.any():
        yield "missing", np.flatnonzero(missing.to_numpy())


def _parts(held: pl.Series, places: Ints) -> Iterator[tuple[str, Ints]]:
    order = held.rank("min").to_numpy()
    part = np.minimum((order - 1) * _PARTS // len(held), _PARTS - 1).astype(int)
    for one in np.unique(part):
        own = np.flatnonzero(part == one)
        low, high = (_text(end) for end in (held[own].min(), held[own].max()))
        yield (low if low == high else f"{low} to {high}"), places[own]


def _values(held: pl.Series, places: Ints) -> Iterator[tuple[str, Ints]]:
    texts = held.cast(pl.String)
    counted = texts.value_counts().sort("count", texts.name, descending=[True, False])
    top = counted[texts.name].to_list()[:_VALUES]
    for value in top:
        yield shown.value(value), places[(texts == value).to_numpy()]
    rest = (~texts.is_in(top)).to_numpy()
    if rest.any():
        yield "the rest", places[rest]


def _text(value: Any) -> str:
    return shown.figure(float(value)) if isinstance(value, int | float) else str(value)


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
