"""Which split suits the rows."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from features.readers.source import Source
from pipelines.guessing.roles import Roles
from pipelines.splits.column import ByColumn
from pipelines.splits.hash import ByHash
from pipelines.splits.order import ByOrder
from pipelines.splits.registry import AnySplit
from pipelines.splits.split import Split
from pipelines.splits.time import ByTime


class _Held(Source):
    """Rows already in memory."""

    def __init__(self, frame: pl.DataFrame) -> None:
        super().__init__((), frame.schema, {})
        self._frame = frame

    def _frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        yield self._frame.select(columns)


def choose_split(
    frame: pl.DataFrame, roles: Roles, *, ranker: bool
) -> tuple[AnySplit, str, pl.Series]:
    """The split, why, and the part of each row of the sample.

    It is the first of time, query, user and order that gives both labels to each part.
    """
    found = [(split, why, _parts(split, frame)) for split, why in _candidates(roles, ranker)]
    label = frame[roles.label.column].cast(pl.Boolean)
    for split, why, parts in found:
        if all(_both(label.filter(parts == part)) for part in _wanted(split)):
            return split, why, parts
    split, why, parts = found[0]
    lacking = [part for part in _wanted(split) if not _both(label.filter(parts == part))]
    return split, f"{why}; but of the sample, {lacking[0]} gets not both labels: mend this", parts


def _candidates(roles: Roles, ranker: bool) -> Iterator[tuple[AnySplit, str]]:
    if roles.part is not None:
        yield ByColumn(column=roles.part.column), roles.part.why
        return
    shares = {"train": 0.7, "ranker": 0.1} if ranker else {}
    if roles.time is not None:
        why = "the model will score rows later than those it learned from"
        yield ByTime.model_validate({"column": roles.time.column, **shares}), why
    if roles.query is not None:
        why = "the rows of a query belong together"
        yield ByHash.model_validate({"column": roles.query.column, **shares}), why
    if roles.user is not None:
        why = "the rows of a user belong together"
        yield ByHash.model_validate({"column": roles.user, **shares}), why
    yield (
        ByOrder.model_validate(shares),
        "no time, query or user serves, and the file may be in time order",
    )


def _wanted(split: AnySplit) -> list[str]:
    return list(split.parts or ("train", "valid"))  # of a column, nothing is declared


def _parts(split: Split, frame: pl.DataFrame) -> pl.Series:
    return split.assign(frame, 0, split.measure(_Held(frame)))


def _both(labels: pl.Series) -> bool:
    return labels.n_unique() == 2
