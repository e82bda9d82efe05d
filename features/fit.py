"""One streaming, mergeable pass: observe each part of the logs, merge, finalize."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl

from features.cores import spread
from features.derivation import untyped
from features.encoder import Encoder
from features.errors import ConfigError, DataError
from features.grow import grow, grows, require_same
from features.schema import Schema
from features.sketches.sieve import Sieve
from features.statistics import Counts, Statistic
from features.transforms.categorical import Categorical

Partial = dict[str, Statistic]

_BASE = 8  # parts merged at once

Frames = Iterable[pl.DataFrame] | Callable[[], Iterable[pl.DataFrame]]


def observe(schema: Schema, frame: pl.DataFrame, *, growing: bool = False) -> Partial:
    """Statistics of these rows by key, for `growing` of what can grow alone.

    Pure, so parts may be observed anywhere.
    """
    frame, roles = _read(schema, frame), schema.role_columns
    partial: Partial = {}
    learning = [one for one in schema.transforms if schema.owners[one.key].fit_columns(roles)]
    if growing:
        learning = [one for one in learning if grows(schema.owners[one.key])]
    statistics = spread(lambda feature: feature.observe(frame, roles), learning)
    for feature, statistic in zip(learning, statistics, strict=True):
        if statistic is not None:
            known = partial.get(feature.key)
            partial[feature.key] = statistic if known is None else known.merge(statistic)
    return partial


def _read(schema: Schema, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as features read it: checked, with its derived columns."""
    schema.check(frame.columns, fitting=True)
    frame, _ = schema.checks.of(frame.columns).apply(untyped(frame), strict=True)
    return schema.derive(untyped(frame))


def merge(*parts: Partial) -> Partial:
    """Statistics of the rows of all parts, which are given in order."""

    def merged(key: str) -> Statistic:
        return type(parts[0][key]).merge_all([part[key] for part in parts])

    keys = list(parts[0])
    return dict(zip(keys, spread(merged, keys), strict=True))


def finalize(schema: Schema, partial: Partial, base: Path = Path()) -> Encoder:
    """Files of values are relative to `base`.

    Raises DataError where a column holds nothing to learn from.
    """
    keys = list(schema.owners)
    states = spread(lambda key: schema.owners[key].finalize(partial.get(key), base), keys)
    return Encoder(schema, dict(zip(keys, states, strict=True)))


def fit(
    schema: Schema, frames: Frames, base: Path = Path(), earlier: Encoder | None = None
) -> Encoder:
    """Encoder fitted to all rows of `frames`, one frame in memory at a time.

    Args:
        schema: the declaration.
        frames: the rows, or a function that gives them, as often as it is called: a vocabulary
            with admission = "bloom" takes a second pass.
        base: the folder that files of values are relative to.
        earlier: what an earlier log taught an encoder of this schema, which is grown then.

    Raises:
        FingerprintError: the earlier encoder is of another schema.
        DataError: no rows, or a column without values.
        SchemaError: a column is missing or of the wrong type.
    """
    if earlier is not None:
        require_same(schema, earlier.schema)
    again = frames if callable(frames) else lambda: frames
    sieves = _sieves(schema, again)
    merged = _Merged()
    for frame in again():
        partial = observe(schema, frame, growing=earlier is not None)
        for key, (sieve, least) in sieves.items():
            counts = partial[key]
            assert isinstance(counts, Counts)
            partial[key] = sieve.sift(counts, least)
        merged.add(partial)
    total = merged.total()
    if total is None:
        raise DataError("Fitting needs at least one row; the data holds none.")
    return finalize(schema, total, base) if earlier is None else grow(earlier, total, base)


def _sieves(
    schema: Schema, frames: Callable[[], Iterable[pl.DataFrame]]
) -> dict[str, tuple[Sieve, int]]:
    """By key, what may be frequent, and how often a value must be seen."""
    wanted = {
        key: owner
        for key, owner in schema.owners.items()
        if isinstance(owner, Categorical) and owner.admission == "bloom"
    }
    if not wanted:
        return {}
    if iter(frames()) is frames():
        raise ConfigError(
            'admission = "bloom" reads the rows twice; give a function that reads them anew.'
        )
    found: dict[str, Sieve] = {}
    for frame in frames():
        read = _read(schema, frame)
        for feature in schema.transforms:
            if feature.key in wanted and isinstance(feature, Categorical):
                sieve = Sieve.of(feature.count(read))
                known = found.get(feature.key)
                found[feature.key] = sieve if known is None else known.merge(sieve)
    return {key: (sieve, wanted[key].min_count) for key, sieve in found.items()}


class _Merged:
    """Merges like with like, as one counts in a base: a value is merged log(parts) times."""

    def __init__(self) -> None:
        self._levels: list[list[Partial]] = []

    def add(self, partial: Partial) -> None:
        for waiting in self._levels:
            waiting.append(partial)
            if len(waiting) < _BASE:
                return
            partial = merge(*waiting)
            waiting.clear()
        self._levels.append([partial])

    def total(self) -> Partial | None:
        # The later a level, the earlier its rows.
        parts = [partial for waiting in reversed(self._levels) for partial in waiting]
        return merge(*parts) if parts else None
