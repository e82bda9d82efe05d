"""Mergeable statistics: what one pass over the logs gathers before anything is decided."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Self

import numpy as np
import polars as pl

from features.hashing import hash_series


class Statistic(ABC):
    """A summary of some rows; `a.merge(b)` is the summary of both sets of rows."""

    @abstractmethod
    def merge(self, other: Self) -> Self: ...

    @classmethod
    def merge_all(cls, parts: Sequence[Self]) -> Self:
        """All parts merged, in order."""
        return reduce(cls.merge, parts)


@dataclass(frozen=True)
class Counts(Statistic):
    """How often each value was seen.

    `table` has the columns value (String, distinct, no nulls) and count (UInt64); `nulls`
    counts the missing ones.
    """

    table: pl.DataFrame
    nulls: int

    @classmethod
    def of(cls, values: pl.Series) -> Counts:
        present = values.drop_nulls()
        table = (
            present.to_frame("value").group_by("value").agg(pl.len().cast(pl.UInt64).alias("count"))
        )
        return cls(table, len(values) - len(present))

    @classmethod
    def of_enum(cls, values: pl.Series) -> Counts:
        """Of an Enum, by its categories; "" is as good as null."""
        assert isinstance(values.dtype, pl.Enum)
        categories, codes = values.dtype.categories, values.to_physical().drop_nulls()
        counts = np.bincount(codes.to_numpy(), minlength=len(categories)).astype(np.uint64)
        table = pl.DataFrame({"value": categories, "count": counts})
        table = table.filter((pl.col("count") > 0) & (pl.col("value") != ""))
        return cls(table, len(values) - int(table["count"].sum()))

    def merge(self, other: Counts) -> Counts:
        return Counts.merge_all([self, other])

    @classmethod
    def merge_all(cls, parts: Sequence[Counts]) -> Counts:
        every = pl.concat([part.table for part in parts])
        # A value is told by its hash, as it will be in the index.
        hashed = every.with_columns(hash_series(every["value"]).alias("hash"))
        found = hashed.group_by("hash").agg(pl.col("value").first(), pl.col("count").sum())
        return Counts(found.drop("hash"), sum(part.nulls for part in parts))


@dataclass(frozen=True)
class Moments(Statistic):
    """Count, mean and spread of finite numbers, by the pairwise update of Chan et al. (1979).

    mean = mean_a + d n_b / n;  m2 = m2_a + m2_b + d^2 n_a n_b / n,  d = mean_b - mean_a
    """

    count: int
    nulls: int
    mean: float
    m2: float
    minimum: float
    maximum: float

    @classmethod
    def of(cls, values: pl.Series) -> Moments:
        present = values.drop_nulls()
        count = len(present)
        if count == 0:
            return cls(0, len(values), 0.0, 0.0, math.inf, -math.inf)
        numbers = present.to_numpy()
        minimum, maximum = float(numbers.min()), float(numbers.max())
        # Rounding puts the mean of equal numbers beside them, and gives them a spread.
        mean = float(np.clip(numbers.mean(), minimum, maximum))
        return cls(
            count=count,
            nulls=len(values) - count,
            mean=mean,
            m2=float(((numbers - mean) ** 2).sum()),
            minimum=minimum,
            maximum=maximum,
        )

    def merge(self, other: Moments) -> Moments:
        count = self.count + other.count
        if count == 0:
            return Moments(0, self.nulls + other.nulls, 0.0, 0.0, math.inf, -math.inf)
        delta = other.mean - self.mean
        return Moments(
            count=count,
            nulls=self.nulls + other.nulls,
            mean=self.mean + delta * other.count / count,
            m2=self.m2 + other.m2 + delta**2 * self.count * other.count / count,
            minimum=min(self.minimum, other.minimum),
            maximum=max(self.maximum, other.maximum),
        )

    @property
    def std(self) -> float:
        """Population standard deviation."""
        return math.sqrt(self.m2 / self.count) if self.count else 0.0
