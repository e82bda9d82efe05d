"""A file of predictions measured in parts, beyond memory: values without intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from features.errors import ConfigError
from features.readers.open import open_source
from pipelines.evaluate import CTR_METRICS
from pipelines.evaluation.measure import Evaluation, Measured
from pipelines.metrics.metric import Metric
from pipelines.metrics.stream.evaluate import evaluate_stream
from pipelines.scoring import RANK
from pipelines.targets import Columns, file_roles
from pipelines.uncertainty.intervals import Interval

SCORE = "score"
_NAN = float("nan")


def streamed(
    target: str, columns: Columns, format: str | None, metrics: Sequence[Metric], work: Path
) -> Evaluation:
    """Every metric over all rows of a file; what does not fit into memory waits in `work`.

    Without `metrics` those of click probabilities. The ends of the intervals are NaN.

    Raises:
        ConfigError: a metric that needs all rows at once, or `target` is a folder of ours.
        DataError: a column is absent, or a metric is not defined for the rows.
    """
    chosen = metrics or CTR_METRICS
    if Path(target).is_dir() and not any(Path(target).glob("*.parquet")):
        raise ConfigError(
            f"Only a file of predictions can be streamed; {target} is none. Write one with "
            "`crossrank predict`, or leave --stream out."
        )
    source = open_source(target, format, Path.cwd())
    roles = {
        SCORE if role == RANK else role: name for role, name in file_roles(source, columns).items()
    }
    groups = {name for one in chosen for name in one.needs_groups} - roles.keys()
    wanted = roles | {name: name for name in sorted(groups)}
    if absent := sorted(set(wanted.values()) - set(source.schema)):
        raise ConfigError(f"The predictions must hold '{absent[0]}', which a metric needs.")
    frames = (
        frame.select(pl.col(name).alias(role) for role, name in wanted.items())
        for frame in source.batches(list(dict.fromkeys(wanted.values())))
    )
    found = evaluate_stream(chosen, frames, work)
    rows = next(iter(found.values())).counts.rows
    values = {
        name: Interval(one.value, _NAN, _NAN, _NAN, _NAN, rows, "row")
        for name, one in found.items()
    }
    return Evaluation(
        rows, {}, {"scores": Measured(values, {name: one.counts for name, one in found.items()})}
    )


def require_alone(option: str, others: Mapping[str, object]) -> None:
    """Raise ConfigError where one of the other options, by name, was given too."""
    given = [name for name, value in others.items() if value]
    if given:
        raise ConfigError(
            f"{option} measures a file of predictions in parts; --{given[0]} needs all rows at "
            "once. Leave one of the two out."
        )
