"""Compared: what each candidate has over the first target, on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from features.errors import DataError
from pipelines.evaluate import Judged, scorers
from pipelines.evaluation.measure import Settings
from pipelines.evaluation.slices import By, cut
from pipelines.metrics.metric import GroupedMetric, Metric
from pipelines.metrics.predictions import Predictions
from pipelines.scoring import PROBABILITY, RANK
from pipelines.uncertainty.clusters import Clusters
from pipelines.uncertainty.correction import Correction
from pipelines.uncertainty.differences import Difference, correct, difference
from pipelines.uncertainty.intervals import Interval, interval
from pipelines.uncertainty.wins import Wins, wins

_SCORES = (PROBABILITY, RANK)


@dataclass(frozen=True)
class SliceDifference:
    """Of one slice, adjusted among all slices of a candidate."""

    slice: str
    rows: int
    difference: Difference


@dataclass(frozen=True)
class Compared:
    """One candidate against the first, by scorer: differences by metric, wins, and slices.

    Those slices that differ most surely come first; `undefined` slices had no metric to compare.
    """

    name: str
    differences: dict[str, dict[str, Difference]]
    wins: dict[str, Wins]
    slices: dict[str, list[SliceDifference]]
    undefined: int
    note: str

    @property
    def changes(self) -> dict[str, dict[str, float]]:
        """Values of the differences by scorer and metric."""
        return {
            who: {metric: one.value for metric, one in found.items()}
            for who, found in self.differences.items()
        }


def compared(
    frames: Mapping[str, pl.DataFrame],
    metrics: Sequence[Metric],
    by: Sequence[By],
    settings: Settings,
    correction: Correction = "holm",
    further: Sequence[Metric] = (),
) -> list[Compared]:
    """Every other of the frames, of the same rows, against the first.

    p-values are adjusted among all metrics, scorers and candidates; those of slices, of which
    there may be hundreds, by Benjamini and Hochberg among the slices of a candidate.

    Raises:
        DataError: the frames share no scorer, or a metric is not defined for the rows.
    """
    judged = {
        name: scorers(frame, metrics, settings.groups, further)
        for name, frame in alike(frames).items()
    }
    first, *others = judged.values()
    found = [
        _against(name, first, other, by, settings)
        for name, other in zip(list(judged)[1:], others, strict=True)
    ]
    flat = [
        (at, who, one)
        for at, each in enumerate(found)
        for who, of_metrics in each.differences.items()
        for one in of_metrics.values()
    ]
    adjusted = correct([one for _, _, one in flat], correction)
    for (at, who, _), one in zip(flat, adjusted, strict=True):
        found[at].differences[who][one.metric] = one
    return found


def alike(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Frames with the scores that all have: where one has a ranker, the probability of another
    ranks in its stead; where one has no probability, those of the others are scores.

    The roles of the first stand for all. Raises DataError where a label is missing.
    """
    probable = all(PROBABILITY in frame.columns for frame in frames.values())
    first = next(iter(frames.values()))
    roles = [name for name in first.columns if not name.startswith((*_SCORES, "uncalibrated"))]
    found = {}
    for name, frame in frames.items():
        rank = frame[RANK] if RANK in frame.columns else frame[PROBABILITY]
        scores = [rank.alias(RANK)] + ([frame[PROBABILITY]] if probable else [])
        found[name] = first.select(roles).with_columns(scores)
    ranked = not probable or any(
        not frame[RANK].equals(frame[PROBABILITY]) for frame in found.values()
    )
    return found if ranked else {name: frame.drop(RANK) for name, frame in found.items()}


def values(
    frame: pl.DataFrame, metrics: Sequence[Metric], settings: Settings, further: Sequence[Metric]
) -> dict[str, dict[str, Interval]]:
    """Intervals of one target by scorer, for its gates."""
    found = {}
    for who, one in scorers(frame, metrics, settings.groups, further).items():
        clusters = Clusters.by(one.data, settings.cluster)
        found[who] = {
            str(metric): interval(metric, one.data, clusters, settings.resampling)
            for metric in one.metrics
        }
    return found


def _against(
    name: str,
    first: Mapping[str, Judged],
    second: Mapping[str, Judged],
    by: Sequence[By],
    settings: Settings,
) -> Compared:
    found: dict[str, dict[str, Difference]] = {}
    won: dict[str, Wins] = {}
    slices: dict[str, list[SliceDifference]] = {}
    undefined, note = 0, ""
    for who in [one for one in first if one in second]:
        one, other = first[who], second[who]
        clusters = Clusters.by(one.data, settings.cluster)
        found[who] = {
            str(metric): difference(metric, one.data, other.data, clusters, settings.resampling)
            for metric in one.metrics
        }
        grouped = [metric for metric in one.metrics if isinstance(metric, GroupedMetric)]
        for metric in [each for each in grouped if each.higher_is_better is not None][:1]:
            won[who] = wins(metric, one.data, other.data)
        if by:
            slices[who], undefined, note = _by_slice(one, other.data, by, settings)
    if not found:
        raise DataError(f"Targets must share a scorer to be compared; {name} shares none.")
    return Compared(name, found, won, slices, undefined, note)


def _by_slice(
    one: Judged, other: Predictions, by: Sequence[By], settings: Settings
) -> tuple[list[SliceDifference], int, str]:
    """Of the first metric: the slices, how many it is not defined for, and how many there were."""
    metric, parts = one.metrics[0], cut(one.rows, by, settings.least)
    kept, undefined = [], 0
    for part in parts.slices:
        before, after = one.data.at(part.rows), other.at(part.rows)
        clusters = Clusters.by(before, settings.cluster)
        try:
            found = difference(metric, before, after, clusters, settings.of_slices)
        except DataError:  # rows of one class, say
            undefined += 1
            continue
        kept.append(SliceDifference(str(part), part.rows.size, found))
    adjusted = correct([each.difference for each in kept], "bh")
    kept = [replace(each, difference=new) for each, new in zip(kept, adjusted, strict=True)]
    kept.sort(key=lambda each: (each.difference.adjusted, each.difference.p_value))
    return kept, undefined, parts.note
