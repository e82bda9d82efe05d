"""What `crossrank evaluate` can be pointed at: a run, a bundle, or a file of predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features.errors import ConfigError, DataError
from features.readers.open import open_source
from features.readers.source import Source
from features.suggest import listing, nearest
from pipelines.config import load_config
from pipelines.division import Division, Piece
from pipelines.predict import scores_of
from pipelines.raw_rows import raw_rows
from pipelines.roles import chained, role_columns
from pipelines.run import RUN, Run
from pipelines.scoring import PROBABILITY, RANK, UNCALIBRATED, score
from serving.bundle import MANIFEST
from serving.scorer import Scorer

_SCORES = (PROBABILITY, UNCALIBRATED, RANK)


@dataclass(frozen=True)
class Columns:
    """Names of the columns of a file of predictions."""

    label: str = "label"
    score: str = "score"
    query: str | None = None
    weight: str | None = None


def scored_rows(
    target: Path | str,
    data: str | None,
    part: str,
    columns: Columns,
    format: str | None,
    further: Sequence[str] = (),
) -> tuple[pl.DataFrame, Path | None]:
    """Labels, scores, and where known queries and weights, of what `target` scored; and the
    folder of the ground truth, for a run on a simulated log.

    A run scores its own `part`; a bundle scores `data`, a log or the `part` of a configuration.
    `further` columns of the log, such as the device, stand beside them under their own names.

    Raises:
        ConfigError: `target` is none of the three, a bundle came without data, or a further
            column has the name of a score.
        DataError: rows or files that cannot be used, or a further column is absent.
        FingerprintError: the log is no longer what a run was prepared from.
    """
    folder = Path(target)
    if (folder / RUN).exists():
        run = Run(folder)
        truth = run.config.data.truth
        scored = score(run.prepared.part(part), run.model, run.ranker, run.calibration, run.cosines)
        if wanted := _beside(scored, further, run.encoder.schema.roles):
            scored = scored.hstack(raw_rows(run, part, wanted, scored))
        return scored, None if truth is None else run.config.base / truth
    if (folder / MANIFEST).exists():
        if data is None:
            raise ConfigError(
                "A bundle holds no data to be evaluated on; give --data, a log with the bundle's "
                "columns or a configuration."
            )
        return _bundle(Scorer.load(folder), data, part, format, further), None
    if folder.is_dir() and not any(folder.glob("*.parquet")):
        raise ConfigError(
            f"{target} must be a run ({RUN}), a bundle ({MANIFEST}) or a file of predictions; it "
            "is another folder."
        )
    return _file(open_source(str(target), format, Path.cwd()), columns, further), None


def _beside(
    scored: pl.DataFrame, further: Sequence[str], roles: Mapping[str, str | None]
) -> list[str]:
    """The further columns that are not there already: a role, as `query`, goes by its name."""
    for name in further:
        if name in _SCORES:
            raise ConfigError(
                f"A further column must not be called as one of {listing(_SCORES)}, which are "
                f"scores; got '{name}'. Rename it in the data."
            )
        if name in scored.columns and name in roles.values() and roles.get(name) != name:
            raise ConfigError(
                f"'{name}' must mean one thing; it is the column of another role, and a role "
                f"itself. Rename the column in the data."
            )
    return [name for name in dict.fromkeys(further) if name not in scored.columns]


def _bundle(
    scorer: Scorer, data: str, part: str, format: str | None, further: Sequence[str]
) -> pl.DataFrame:
    schema = scorer.encoder.schema
    asked = [name for name in further if name not in schema.roles]
    columns = list(dict.fromkeys([*schema.columns, *schema.roles.values(), *asked]))
    if data.endswith(".toml"):
        division = Division(load_config(Path(data)))
        pieces: Iterator[Piece] = (one for one in division.pieces(columns) if one.part == part)
    else:
        source = open_source(data, format, Path.cwd())
        schema.check(source.schema, roles=schema.roles)
        pieces = (Piece(part, raw) for raw in source.batches(columns))
    frames = []
    for piece in pieces:
        scored = _roles(piece, scorer).hstack(scores_of(scorer, piece.rows))
        frames.append(scored.hstack(piece.rows.select(_beside(scored, further, schema.roles))))
    if not frames:
        raise DataError(f"The part '{part}' of {data} must hold rows; it holds none.")
    return pl.concat(frames)


def _roles(piece: Piece, scorer: Scorer) -> pl.DataFrame:
    manifest = scorer.manifest
    columns = role_columns(
        piece.rows,
        scorer.encoder.schema,
        binary=bool(manifest.tables),
        chained=chained(manifest.model),
        importance=piece.importance,
    )
    return pl.DataFrame([one.alias(one.name.removeprefix("__")) for one in columns])


def file_roles(source: Source, columns: Columns) -> dict[str, str]:
    """Columns of a file of predictions by role. Raises DataError where one is absent."""
    roles = {"label": columns.label, RANK: columns.score}
    roles |= {"query": columns.query} if columns.query else {}
    roles |= {"weight": columns.weight} if columns.weight else {}
    for role, column in roles.items():
        if column not in source.schema:
            raise DataError(
                f"Column '{column}' must be in the predictions; they hold "
                f"{listing(source.schema)}.{nearest(column, source.schema)} "
                f"Name it with --{_option(role)}."
            )
    return roles


def _file(source: Source, columns: Columns, further: Sequence[str]) -> pl.DataFrame:
    roles = file_roles(source, columns)
    asked = [name for name in further if name not in roles]
    frame = pl.concat(list(source.batches(list(dict.fromkeys([*roles.values(), *asked])))))
    named = frame.select(pl.col(column).alias(role) for role, column in roles.items())
    named = named.hstack(frame.select(_beside(named, further, roles)))
    for role in ("label", "weight", RANK):
        if role in named.columns and not _numeric(named[role].dtype):
            raise DataError(
                f"The column '{roles[role]}' must hold numbers to be the {_option(role)}; it holds "
                f"{named[role].dtype}. Convert it, or name another column with --{_option(role)}."
            )
    scores = named[RANK].cast(pl.Float64).fill_nan(None)  # which may lack some
    if scores.is_between(0, 1).all():
        return named.rename({RANK: PROBABILITY})
    return named


def _option(role: str) -> str:
    return "score" if role == RANK else role


def _numeric(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype == pl.Boolean
