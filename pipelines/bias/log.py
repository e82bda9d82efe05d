"""The clicks of a log by query and position, apart from its features."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from features.errors import ConfigError, DataError, SchemaError
from features.suggest import listing
from pipelines.bias.config import RANKS, BiasConfig
from pipelines.config import Config
from pipelines.division import Division
from pipelines.prepare import Report

CLICK, QUERY, POSITION = "click", "query", "position"


def click_log(config: Config, parts: Collection[str], report: Report) -> pl.DataFrame:
    """The rows of some parts, each in order: query int64 (numbered), position int32 from 0,
    click float32, and of item, random, partner, swapped, ranker and ranks those that are declared.

    Raises:
        ConfigError: no query or no position is declared.
        SchemaError: a declared column is not in the log.
        DataError: there are no rows, or a value is missing.
    """
    roles = _roles(config)
    pieces: dict[str, list[pl.DataFrame]] = {}
    done = 0
    division = Division(config)
    _require(division, roles)
    columns = list(dict.fromkeys(column for own in roles.values() for column in own))
    for piece in division.pieces(columns):
        done += piece.rows.height
        report("read", done, division.total)
        if piece.part in parts:
            rows = piece.rows.select(_one(own).alias(role) for role, own in roles.items())
            pieces.setdefault(piece.part, []).append(rows)
    if not pieces:
        raise DataError(
            f"The part {listing(sorted(parts))} must hold rows; it holds none. Change data.split."
        )
    # Part by part: a chunk of the log may hold the ends of two.
    every = [rows for part in pieces.values() for rows in part]
    log = pl.concat(every, how="vertical_relaxed")
    may_miss = {role for role in roles if role in ("partner", "ranker") or role.startswith(RANKS)}
    for role in roles.keys() - may_miss:
        if missing := log[role].null_count():
            raise DataError(
                f"Every row must have a {role}; column '{listing(roles[role])}' misses {missing} "
                f"of {log.height}. Fill or remove them."
            )
    top = pl.col(POSITION).min()
    counted = [one for one in roles if one in (POSITION, "partner") or one.startswith(RANKS)]
    places = [(pl.col(one) - top).cast(pl.Int32) for one in counted]
    return log.with_columns(
        pl.col(QUERY).rank("dense").cast(pl.Int64) - 1,
        *places,
        pl.col(CLICK).cast(pl.Float32),
    )


def _one(columns: tuple[str, ...]) -> pl.Expr:
    """The column, or several as one text."""
    if len(columns) == 1:
        return pl.col(columns[0])
    return pl.concat_str([pl.col(one).cast(pl.String) for one in columns], separator="\x1f")


def _roles(config: Config) -> dict[str, tuple[str, ...]]:
    data = config.data
    if data.query is None or data.position is None:
        raise ConfigError(
            "What a position does to clicks is read from data.query and data.position; "
            f"{'data.query' if data.query is None else 'data.position'} is not declared."
        )
    own = {QUERY: (data.query,), POSITION: (data.position,), CLICK: (data.label,)}
    return own | (config.bias or BiasConfig()).columns


def _require(division: Division, roles: dict[str, tuple[str, ...]]) -> None:
    for role, column in ((role, one) for role, own in roles.items() for one in own):
        if column not in division.columns:
            raise SchemaError(
                f"The {role} must be a column of the log; there is no '{column}' among "
                f"{listing(division.columns)}. Change bias.{role}."
            )
