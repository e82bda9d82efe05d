"""Metrics of a pass of progressive validation, by slice, and what changed against another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from features.errors import DataError, FingerprintError
from pipelines.evaluate import CTR_METRICS
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import Predictions
from pipelines.progressive.slices import Rows

FILE = "progressive.json"


class Slice(BaseModel):
    """Some rows of the pass, and their metrics: those that are defined for them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slice: str
    rows: int
    metrics: dict[str, float]


class Report(BaseModel):
    """progressive.json: how slices were declared, all rows, and each slice in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    declared: dict[str, Any]
    all: Slice
    slices: list[Slice]

    def against(self, baseline: Report) -> Report:
        """The relative change of each loss, in percent of the baseline's; below 0 is better.

        A metric whose best is 1 counts as what it lacks of it, an AUC as 1 - AUC; one that is
        best in between is left out.

        Raises:
            FingerprintError: the two are not of the same slices of the same rows.
        """
        mine, other = (
            [(one.slice, one.rows) for one in report.slices] for report in (self, baseline)
        )
        if mine != other or self.all.rows != baseline.all.rows:
            raise FingerprintError(
                "A baseline must have scored the same rows in the same slices; it scored "
                f"{baseline.all.rows} in {len(other)} slices, this run {self.all.rows} in "
                f"{len(mine)}. Train both on the same data with the same [train.progressive]."
            )
        pairs = zip(self.slices, baseline.slices, strict=True)
        return Report(
            declared=self.declared,
            all=_change(self.all, baseline.all),
            slices=[_change(new, old) for new, old in pairs],
        )


def report(
    declared: dict[str, Any], scores: npt.NDArray[Any], slices: Iterable[tuple[str, Rows]]
) -> Report:
    """Of scores float32 (rows, 3): probability, label, weight.

    Raises:
        DataError: a score is no number.
    """
    return Report(
        declared=declared,
        all=_measured("all", scores),
        slices=[_measured(name, scores[rows]) for name, rows in slices],
    )


def _measured(name: str, scores: npt.NDArray[Any]) -> Slice:
    probability, label, weight = scores.T
    weights = None if (weight == 1).all() else weight.astype(np.float64)
    data = Predictions(label.astype(np.float64), probability.astype(np.float64), weights)
    found = {str(metric): _defined(metric, data) for metric in CTR_METRICS}
    metrics = {name: value for name, value in found.items() if value is not None}
    return Slice(slice=name, rows=len(scores), metrics=metrics)


def _defined(metric: Metric, data: Predictions) -> float | None:
    """None where rows of one class leave the metric without meaning."""
    try:
        return metric.compute(data)
    except DataError:
        return None


def _change(new: Slice, old: Slice) -> Slice:
    changed = {}
    for name in new.metrics:
        best = parse_metric(name).higher_is_better
        if best is None or name not in old.metrics:
            continue
        after, before = (1 - one.metrics[name] if best else one.metrics[name] for one in (new, old))
        if before:
            changed[f"1 - {name}" if best else name] = 100 * (after / before - 1)
    return Slice(slice=new.slice, rows=new.rows, metrics=changed)
