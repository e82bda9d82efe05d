"""evaluate_stream: several metrics over predictions that come in frames, beyond memory."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from features.errors import ConfigError, DataError
from pipelines.memory import given_back
from pipelines.metrics.metric import AdditiveMetric, GroupedMetric, Metric
from pipelines.metrics.score_metric import ScoreMetric
from pipelines.metrics.stream.found import Found
from pipelines.metrics.stream.group_runs import GroupRuns
from pipelines.metrics.stream.part import LABEL, SCORE, parts
from pipelines.metrics.stream.row_sums import RowSums
from pipelines.metrics.stream.score_runs import ScoreRuns

Collector = RowSums | ScoreRuns | GroupRuns


def evaluate_stream(
    metrics: Sequence[Metric], frames: Iterable[pl.DataFrame], folder: Path, rows: int = 1_000_000
) -> dict[str, Found]:
    """Each metric's value by its printed form, in the order asked, with `rows` or so in memory.

    Frames hold `label`, `score`, `weight` where rows have one, and the metrics' group columns. The
    values are those of `evaluate` over all rows but for the rounding of sums. What does not fit
    waits in `folder`, some 40 bytes a row for the scores and the columns themselves for the
    groups, and is removed at the end.

    Raises:
        ConfigError: a metric that is not of rows, of the score order or of groups.
        DataError: no rows, no such column, or a metric is not defined for the rows.
    """
    chosen = tuple(dict.fromkeys(metrics))
    needed = (LABEL, SCORE, *(name for metric in chosen for name in metric.needs_groups))
    with given_back(), TemporaryDirectory(prefix=".metrics-", dir=folder) as work:
        collectors = _collectors(chosen, Path(work), rows)
        first, mass = 0, 0.0
        for part in parts(frames, rows):
            part.require(needed)
            try:
                mass += part.data.mass
                for collector in collectors:
                    collector.add(part)
            except DataError as error:
                raise DataError(f"Of the rows from {first:,} on: {error}") from error
            first += part.frame.height
        if not mass:
            raise DataError(f"The predictions must hold a row that counts; got {first:,} rows.")
        found = {name: one for collector in collectors for name, one in collector.found().items()}
    return {str(metric): found[str(metric)] for metric in chosen}


def _collectors(metrics: Sequence[Metric], folder: Path, rows: int) -> list[Collector]:
    """One for all metrics of rows, one for those of the score order, one for each group."""
    ordered = [metric for metric in metrics if isinstance(metric, ScoreMetric)]
    grouped = [metric for metric in metrics if isinstance(metric, GroupedMetric)]
    additive = [metric for metric in metrics if isinstance(metric, AdditiveMetric)]
    others = set(metrics) - {*ordered, *additive}
    if others:
        raise ConfigError(
            f"Only metrics of rows, of groups and of the order of scores can be had beyond memory; "
            f"got {', '.join(map(str, others))}; evaluate these over rows in memory"
        )
    found: list[Collector] = []
    if of_rows := [metric for metric in additive if metric not in grouped]:
        found.append(RowSums(of_rows))
    if ordered:
        found.append(ScoreRuns(ordered, _made(folder / "scores"), rows))
    for number, group in enumerate(dict.fromkeys(one.needs_groups[0] for one in grouped)):
        of_group = [metric for metric in grouped if metric.needs_groups[0] == group]
        found.append(GroupRuns(of_group, _made(folder / f"groups-{number}"), rows))
    return found


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
