"""The profile of a log: one pass over its rows, a batch in memory at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import polars as pl

from features.errors import ConfigError
from features.readers.source import Source
from features.statistics import Statistic
from pipelines.guessing.column import Column
from pipelines.guessing.roles import Roles, find_roles
from pipelines.guessing.sample import sample_rows
from pipelines.inspect.column import ColumnProfile
from pipelines.inspect.gather import Report, gather
from pipelines.inspect.tally import label_counts


@dataclass(frozen=True)
class Profile(Statistic):
    """The profiles of the columns, by name, in their order."""

    columns: dict[str, ColumnProfile]

    @classmethod
    def of(cls, frame: pl.DataFrame, label: str | None = None) -> Profile:
        labels = None if label is None else label_counts(frame[label])
        return cls({column.name: ColumnProfile.of(column, labels) for column in frame})

    def merge(self, other: Profile) -> Profile:
        return Profile({name: one.merge(other.columns[name]) for name, one in self.columns.items()})

    @property
    def rows(self) -> int:
        return next(iter(self.columns.values())).total.rows


@dataclass(frozen=True)
class Inspected:
    """A log's profile; its roles where it has a label, and else why it has none."""

    profile: Profile
    roles: Roles | None
    why: str

    @property
    def label(self) -> str | None:
        return None if self.roles is None else self.roles.label.column


def inspect(source: Source, label: str | None, report: Report) -> Inspected:
    """Profile a source. `label` None is guessed as by `crossrank init`, "" is none.

    Raises:
        ConfigError: `label` is no column of 0 and 1.
        DataError: rows that cannot be read.
    """
    frames = source.batches(rows=sample_rows(len(source.schema)))
    first = next(frames)
    roles, why = guess_roles(first, label)
    column = None if roles is None else roles.label.column
    profile = gather(
        chain([first], frames), lambda frame: Profile.of(frame, column), "inspect", report
    )
    return Inspected(profile, roles, why)


def guess_roles(frame: pl.DataFrame, label: str | None) -> tuple[Roles | None, str]:
    """Label, query, position and time by the first rows; where no column is a label, why."""
    if label == "":
        return None, "none was asked for"
    columns = {name: Column(frame[name]) for name in frame.columns}
    try:
        roles = find_roles(columns, label)
    except ConfigError as error:
        if label is not None:
            raise
        return None, str(error)
    return roles, roles.label.why
