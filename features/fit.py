"""One streaming, mergeable pass: observe each part of the logs, merge, finalize."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from features.encoder import Encoder
from features.errors import DataError
from features.schema import Schema, untyped
from features.statistics import Statistic
from features.vocabulary import Vocabulary

Partial = dict[str, Statistic]


def observe(schema: Schema, frame: pl.DataFrame) -> Partial:
    """Statistics of these rows by key; pure, so parts may be observed anywhere."""
    schema.check(frame.columns)
    frame = untyped(frame)
    partial: Partial = {}
    for feature in schema.features:
        statistic = feature.observe(frame)
        known = partial.get(feature.key)
        partial[feature.key] = statistic if known is None else known.merge(statistic)
    return partial


def merge(left: Partial, right: Partial) -> Partial:
    return {key: statistic.merge(right[key]) for key, statistic in left.items()}


def finalize(schema: Schema, partial: Partial) -> Encoder:
    """Raises DataError where a column holds nothing to learn from."""
    states: dict[str, Any] = {}
    vocabularies: dict[str, Vocabulary] = {}
    for key, owner in schema.owners.items():
        decided = owner.finalize(partial[key])
        if isinstance(decided, Vocabulary):
            vocabularies[key] = decided
        else:
            states[key] = dict(decided)
    return Encoder(schema, states, vocabularies)


def fit(schema: Schema, frames: Iterable[pl.DataFrame]) -> Encoder:
    """Encoder fitted to all rows of `frames`, one frame in memory at a time.

    Raises:
        DataError: no rows, or a column without values.
        SchemaError: a column is missing or of the wrong type.
    """
    total: Partial | None = None
    for frame in frames:
        partial = observe(schema, frame)
        total = partial if total is None else merge(total, partial)
    if total is None:
        raise DataError("Fitting needs at least one row; the data holds none.")
    return finalize(schema, total)
