"""Measured: every scorer's metrics with their intervals, of all rows and slice by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from features.errors import DataError
from pipelines.evaluate import Judged, scorers
from pipelines.evaluation.slices import By, Cut, Slice, cut
from pipelines.evaluation.usable import Missing
from pipelines.metrics.counts import Counts, counts
from pipelines.metrics.items import Items
from pipelines.metrics.metric import Metric
from pipelines.uncertainty.clusters import Clusters
from pipelines.uncertainty.intervals import Interval, interval
from ranking.off_policy.resampling import Resampling

_FEW = 400  # resamples of a slice, of which there are many


class Settings(BaseModel):
    """How rows are measured and drawn again; `cluster` is a column, or `row`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cluster: str | None = None
    missing: Missing = "refuse"
    least: int = Field(default=100, ge=1)  # rows of a slice
    resampling: Resampling = Resampling()

    @property
    def groups(self) -> list[str]:
        """The columns that metrics do not name."""
        return [self.cluster] if self.cluster is not None and self.cluster != "row" else []

    @property
    def of_slices(self) -> Resampling:
        """With fewer resamples."""
        few = min(_FEW, self.resampling.resamples)
        return self.resampling.model_copy(update={"resamples": few})


@dataclass(frozen=True)
class MeasuredSlice:
    """A slice's metrics by name; None where one is not defined for its rows."""

    slice: str
    rows: int
    metrics: dict[str, Interval | None]


@dataclass(frozen=True)
class Measured:
    """One scorer: intervals by metric, what each rests on, and its slices, the worst first."""

    intervals: dict[str, Interval]
    counts: dict[str, Counts]
    slices: list[MeasuredSlice] = field(default_factory=list)


@dataclass(frozen=True)
class Evaluation:
    """Of `rows` by scorer; `excluded` says how many rows lacked what, `note` of slices."""

    rows: int
    excluded: dict[str, int]
    scorers: dict[str, Measured]
    note: str = ""

    @property
    def by_scorer(self) -> Mapping[str, Mapping[str, Interval]]:
        """Intervals by scorer and metric."""
        return {who: one.intervals for who, one in self.scorers.items()}


def measured(
    scored: pl.DataFrame,
    metrics: Sequence[Metric] = (),
    by: Sequence[By] = (),
    settings: Settings | None = None,
    excluded: Mapping[str, int] | None = None,
    further: Sequence[Metric] = (),
    items: Items | None = None,
) -> Evaluation:
    """All scorers of usable rows; `further` metrics are measured beside the chosen ones.

    Raises:
        ConfigError: no such column to cluster by.
        DataError: no label, or a metric is not defined for these rows.
    """
    settings = settings or Settings()
    found, note = {}, ""
    for who, judged in scorers(scored, metrics, settings.groups, further, items).items():
        slices = cut(judged.rows, by, settings.least)
        found[who] = _measured(judged, slices, settings)
        note = note or (slices.note if by else "")
    return Evaluation(scored.height, dict(excluded or {}), found, note)


def _measured(judged: Judged, slices: Cut, settings: Settings) -> Measured:
    data, clusters = judged.data, Clusters.by(judged.data, settings.cluster)
    found = {str(one): interval(one, data, clusters, settings.resampling) for one in judged.metrics}
    rests = {str(one): counts(one, data) for one in judged.metrics}
    parts = [_slice(one, judged, settings) for one in slices.slices]
    return Measured(found, rests, worst_first(parts, judged.metrics[0]))


def _slice(one: Slice, judged: Judged, settings: Settings) -> MeasuredSlice:
    data = judged.data.at(one.rows)
    clusters = Clusters.by(data, settings.cluster)
    found: dict[str, Interval | None] = {}
    for metric in judged.metrics:
        try:
            found[str(metric)] = interval(metric, data, clusters, settings.of_slices)
        except DataError:  # rows of one class, say
            found[str(metric)] = None
    return MeasuredSlice(str(one), one.rows.size, found)


def worst_first(parts: Sequence[MeasuredSlice], metric: Metric) -> list[MeasuredSlice]:
    """By one metric; of one that is best in between, as PCOC, by the distance from 1."""

    def worse(part: MeasuredSlice) -> float:
        found = part.metrics[str(metric)]
        if found is None:
            return float("inf")
        if metric.higher_is_better is None:
            return -abs(found.value - 1)
        return found.value if metric.higher_is_better else -found.value

    return sorted(parts, key=worse)
