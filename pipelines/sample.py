"""Encoded rows with their labels, at most as many as asked for, by chance and whole queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from features.batch import Batch
from features.dataset.dataset import role_column
from features.encoder import Encoder
from features.errors import ConfigError, DataError
from features.readers.open import open_source
from pipelines.config import load_config
from pipelines.division import Division, Piece
from pipelines.metrics.predictions import QUERY
from pipelines.raw_rows import raw_rows
from pipelines.roles import chained, role_columns
from pipelines.run import Run
from pipelines.splits.hashing import places
from serving.scorer import Scorer


@dataclass(frozen=True)
class Rows:
    """Encoded rows, in the order of the log, and their roles: label, weight, query ..."""

    batch: Batch
    roles: pl.DataFrame


def sample(
    target: Run | Scorer,
    part: str,
    most: int,
    seed: int,
    data: str | None = None,
    format: str | None = None,
    further: Sequence[str] = (),
) -> Rows:
    """Rows of a run's `part`, or for a bundle of `data`: a log, or the `part` of a configuration.

    `further` columns of the log, such as the groups of a metric, stand beside the roles. Of more
    than `most` rows, those of the queries (or the rows, where there are none) that the seed draws:
    streamed, so that memory does not grow with the log.

    Raises:
        ConfigError: a bundle came without data, or a run with some.
        DataError: rows that cannot be used, or none.
        SchemaError, FingerprintError: a further column is absent, or the log is another.
    """
    if isinstance(target, Run):
        if data is not None:
            raise ConfigError("A run brings its own rows; choose a --part, or give a bundle.")
        pieces = _prepared(target, part, further)
    elif data is None:
        raise ConfigError(
            "A bundle holds no data; give --data, a log with the bundle's columns or a "
            "configuration and its --part."
        )
    else:
        pieces = _encoded(target, data, part, format, further)
    drawn = _Drawn(most, np.random.default_rng(seed), seed)
    for batch, roles in pieces:
        drawn.add(batch, roles)
    return drawn.rows(part)


@dataclass
class _Drawn:
    """Rows by a key from 0 to 1; of too many, those with the least keys stay."""

    most: int
    random: np.random.Generator
    seed: int
    _batches: list[Batch] = field(default_factory=list)
    _roles: list[pl.DataFrame] = field(default_factory=list)
    _keys: list[npt.NDArray[np.float64]] = field(default_factory=list)
    _below: float = 2.0

    def add(self, batch: Batch, roles: pl.DataFrame) -> None:
        grouped = QUERY in roles.columns
        keys = places(roles[QUERY], self.seed) if grouped else self.random.random(batch.rows)
        self._hold(batch, roles, keys)
        if sum(map(len, self._keys)) > 2 * self.most:
            self._settle()

    def _hold(self, batch: Batch, roles: pl.DataFrame, keys: npt.NDArray[np.float64]) -> None:
        kept = np.flatnonzero(keys < self._below)
        if len(kept):
            self._batches.append(batch.take(kept))
            self._roles.append(roles[kept])
            self._keys.append(keys[kept])

    def _settle(self) -> None:
        """Keep the rows of the least keys, whole queries, at least one of them."""
        keys = np.sort(np.concatenate(self._keys))
        if len(keys) > self.most:
            first_out = keys[self.most]
            self._below = first_out if keys[0] < first_out else np.nextafter(first_out, 2)
        held = list(zip(self._batches, self._roles, self._keys, strict=True))
        self._batches, self._roles, self._keys = [], [], []
        for one in held:
            self._hold(*one)

    def rows(self, part: str) -> Rows:
        if not self._keys:
            raise DataError(f"The part '{part}' must hold rows; it holds none.")
        self._settle()
        return Rows(Batch.concat(self._batches), pl.concat(self._roles))


def _prepared(run: Run, part: str, further: Sequence[str]) -> Iterator[tuple[Batch, pl.DataFrame]]:
    dataset, start = run.prepared.part(part), 0
    named = {role_column(role): role for role in dataset.manifest.roles}
    raw = None
    if further:
        raw = raw_rows(run, part, further, dataset.frame(list(named)).rename(named))
    for frame in dataset.frames():
        roles = frame.select(list(named)).rename(named)
        if raw is not None:
            roles = roles.hstack(raw.slice(start, frame.height))
        start += frame.height
        yield Batch.from_frame(frame, dataset.layout), roles


def _encoded(
    scorer: Scorer, data: str, part: str, format: str | None, further: Sequence[str]
) -> Iterator[tuple[Batch, pl.DataFrame]]:
    schema = scorer.encoder.schema
    for piece in _raw(scorer.encoder, data, part, format, further):
        roles = role_columns(
            piece.rows,
            schema,
            binary=bool(scorer.manifest.tables),
            chained=chained(scorer.manifest.model),
            importance=piece.importance,
        )
        named = [one.alias(one.name.removeprefix("__")) for one in roles]
        columns = [*named, *piece.rows.select(further)]
        yield scorer.encoder.batch(piece.rows), pl.DataFrame(columns)


def _raw(
    encoder: Encoder, data: str, part: str, format: str | None, further: Sequence[str]
) -> Iterator[Piece]:
    """Raw rows of a log, or of the `part` of a configuration, as an encoder and metrics read them.

    Raises DataError, SchemaError: the rows lack what is read.
    """
    schema = encoder.schema
    columns = list(dict.fromkeys([*schema.columns, *schema.roles.values(), *further]))
    if data.endswith(".toml"):
        division = Division(load_config(Path(data)))
        yield from (one for one in division.pieces(columns) if one.part == part)
        return
    source = open_source(data, format, Path.cwd())
    schema.check(source.schema, roles=schema.roles)
    yield from (Piece(part, raw) for raw in source.batches(columns))
