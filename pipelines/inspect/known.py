"""A log that others are compared with, and what a pass over another finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from features.sketches.seen import Seen
from features.statistics import Statistic
from pipelines.inspect.profile import Profile
from pipelines.inspect.values import elements_of, texts_of


@dataclass(frozen=True)
class Known(Statistic):
    """A profile, and which values there were, of columns of ids and of lists."""

    profile: Profile
    seen: dict[str, Seen]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Known:
        profile = Profile.of(frame)
        texts = {
            name: texts_of(elements_of(frame[name]))
            for name, one in profile.columns.items()
            if one.kind in ("id", "list")
        }
        return cls(profile, {name: Seen.of(one) for name, one in texts.items() if one is not None})

    def merge(self, other: Known) -> Known:
        seen = {name: one.merge(other.seen[name]) for name, one in self.seen.items()}
        return Known(self.profile.merge(other.profile), seen)


@dataclass(frozen=True)
class Arrived(Statistic):
    """A profile of later rows, and how many of their values are new, by column."""

    profile: Profile
    new: dict[str, int]

    @classmethod
    def of(cls, frame: pl.DataFrame, seen: Mapping[str, Seen]) -> Arrived:
        texts = {name: texts_of(elements_of(frame[name])) for name in seen if name in frame.columns}
        new = {name: seen[name].unseen(one) for name, one in texts.items() if one is not None}
        return cls(Profile.of(frame), new)

    def merge(self, other: Arrived) -> Arrived:
        new = {name: count + other.new[name] for name, count in self.new.items()}
        return Arrived(self.profile.merge(other.profile), new)
