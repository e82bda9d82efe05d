"""Everything a report is made of, from a run, a bundle or a file of predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from features.errors import CrossrankError
from features.readers.open import open_source
from features.schema import Schema
from pipelines.evaluation.slices import By
from pipelines.metrics.predictions import QUERY
from pipelines.report import card
from pipelines.report.config import CardConfig
from pipelines.report.scored import Scored
from pipelines.run import RUN, Run
from pipelines.targets import Columns, scored_rows
from pipelines.truth import against_truth
from pipelines.uncertainty.clusters import ROW
from serving.bundle import MANIFEST
from serving.scorer import Scorer

_LOOKED = 12  # columns that rows are looked at by, unless some are named
_TAKEN = ("label", "weight", "query", "position", "propensity", "probability", "rank")


@dataclass(frozen=True)
class Request:
    """What to report on: as `crossrank evaluate` is told, and how to look at it.

    by: what tells slices, of `least` rows or more, apart; without it the features' columns do.
    cluster: a column whose rows depend on each other, or `row`. groups: columns that metrics need.
    card: a file with a section [card].
    """

    target: Path | str
    data: str | None = None
    part: str = "test"
    columns: Columns = field(default_factory=Columns)
    position: str | None = None
    by: tuple[By, ...] = ()
    least: int = 100
    cluster: str | None = None
    groups: tuple[str, ...] = ()
    format: str | None = None
    card: Path | None = None


def gather(request: Request) -> Scored:
    """Score the rows, and read what is known of them.

    Raises:
        ConfigError, DataError: as `scored_rows`, or the card cannot be read.
    """
    said = None if request.card is None else card.load_card(request.card)
    folder = Path(request.target)
    if (folder / RUN).exists():
        return _run(Run(folder), request, said)
    if (folder / MANIFEST).exists():
        return _bundle(Scorer.load(folder), request, said)
    return _file(request, said)


def _run(run: Run, request: Request, said: CardConfig | None) -> Scored:
    known = card.of_run(run) | {"given": card.given(said or run.config.card)}
    schema = run.encoder.schema
    frame, by = _looked(request, schema)
    truth = run.config.data.truth
    return replace(
        _scored(request, frame, by, schema),
        name=run.config.name,
        label=run.config.data.label,
        part=request.part,
        run=run,
        card=known,
        truth={} if truth is None else against_truth(frame, run.config.base / truth),
    )


def _bundle(scorer: Scorer, request: Request, said: CardConfig | None) -> Scored:
    schema = scorer.encoder.schema
    frame, by = _looked(request, schema)
    return replace(
        _scored(request, frame, by, schema),
        name=scorer.manifest.name,
        label=schema.label or "label",
        part=request.part if str(request.data).endswith(".toml") else None,
        card=card.of_bundle(scorer.manifest, scorer.encoder) | {"given": card.given(said)},
    )


def _file(request: Request, said: CardConfig | None) -> Scored:
    frame = _read(request, request.by)
    if request.position is not None:
        frame = frame.with_columns(pl.col(request.position).alias("position"))
    source = open_source(str(request.target), request.format, Path.cwd())
    return replace(
        _scored(request, frame, request.by),
        label=request.columns.label,
        card=card.of_file(source) | {"given": card.given(said)},
    )


def _looked(request: Request, schema: Schema) -> tuple[pl.DataFrame, tuple[By, ...]]:
    """The rows with the columns to look by: those asked for, else what the log still holds of the
    first features'."""
    if request.by:
        return _read(request, request.by), request.by
    own = tuple(By(name) for name in schema.columns if name not in _TAKEN)[:_LOOKED]
    try:
        return _read(request, own), own
    except CrossrankError:  # the log is gone, or another: the report does without
        return _read(request, ()), ()


def _read(request: Request, by: Sequence[By]) -> pl.DataFrame:
    further = [column for one in by for column in one.columns]
    further += [one for one in request.groups if one != QUERY]
    further += [one for one in (request.cluster, request.position) if one not in (None, ROW, QUERY)]
    frame, _ = scored_rows(
        request.target, request.data, request.part, request.columns, request.format,
        tuple(dict.fromkeys(further)),
    )  # fmt: skip
    return frame


def _scored(
    request: Request, frame: pl.DataFrame, by: tuple[By, ...], schema: Schema | None = None
) -> Scored:
    names = dict.fromkeys(column for one in by for column in one.columns)
    return Scored(
        Path(request.target).name,
        frame,
        columns=frame.select(_readable(name, frame.schema[name], schema) for name in names),
        by=by,
        least=request.least,
        cluster=request.cluster,
        groups=request.groups,
    )


def _readable(name: str, dtype: pl.DataType, schema: Schema | None) -> pl.Expr:
    """Lists by their length; whole numbers that are ids as text, which no bucket holds."""
    if isinstance(dtype, pl.List):
        return pl.col(name).list.len()
    if isinstance(dtype, pl.Array):
        return pl.col(name).arr.len()
    an_id = schema is not None and schema.wants.get(name) == "id"
    return pl.col(name).cast(pl.String) if an_id and dtype.is_integer() else pl.col(name)
