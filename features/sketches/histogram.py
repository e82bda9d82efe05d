"""How numbers are distributed: counts on a fixed grid of floating-point numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from features.statistics import Statistic

MANTISSA = 16  # bits kept of 52
LIMIT = 1 << 18  # buckets at most; beyond it, neighbours are joined

_COLUMNS = ("key", "low", "high", "count")
_MAGNITUDE = np.int64(2**63 - 1)  # all bits but the sign's


@dataclass(frozen=True)
class Histogram(Statistic):
    """Counts of finite numbers by sign, exponent and the top `bits` of the mantissa of a float64.

    `table` has a row for each bucket that holds numbers: `key` (Int64, ascending as the numbers
    do), `low` and `high` (Float64, the least and the largest number in it), `count` (UInt64), and
    the sums (UInt64) of whatever the numbers carry, such as labels. -0.0 is 0.0.

    However the numbers were divided and merged, the result is the one of all of them at once.
    Above `limit` buckets all are made twice as wide, as often as it takes (as in UDDSketch,
    Epicoco et al. 2020): 2^18 hold 16 bits over 4 powers of two, and 12 bits over 64 of them.
    """

    table: pl.DataFrame
    nulls: int
    nans: int
    infinities: int
    bits: int = MANTISSA
    limit: int = LIMIT

    @classmethod
    def of(
        cls, values: pl.Series, carried: pl.DataFrame | None = None, limit: int = LIMIT
    ) -> Histogram:
        """Of numbers or Booleans; `carried` has a row a value, and columns of whole numbers."""
        numbers = values.cast(pl.Float64).rename("low")
        frame = numbers.to_frame() if carried is None else carried.with_columns(numbers)
        finite = frame.filter(numbers.is_finite())
        nulls, nans = numbers.null_count(), int(numbers.is_nan().sum())
        table = finite.select(
            _keys(finite["low"]),
            pl.col("low"),
            pl.col("low").alias("high"),
            pl.lit(1, pl.UInt64).alias("count"),
            pl.exclude("low").cast(pl.UInt64),
        )
        infinities = len(numbers) - finite.height - nulls - nans
        return cls(_joined(table), nulls, nans, infinities, MANTISSA, limit)._fitted()

    def merge(self, other: Histogram) -> Histogram:
        assert self.limit == other.limit
        left, right = aligned(self, other)
        merged = replace(
            left,
            table=_joined(pl.concat([left.table, right.table])),
            nulls=self.nulls + other.nulls,
            nans=self.nans + other.nans,
            infinities=self.infinities + other.infinities,
        )
        return merged._fitted()

    @property
    def count(self) -> int:
        """Finite numbers."""
        return int(self.table["count"].sum())

    @property
    def minimum(self) -> float:
        """Exact; infinity where there is no number."""
        return float(self.table["low"][0]) if self.table.height else math.inf

    @property
    def maximum(self) -> float:
        """Exact; minus infinity where there is no number."""
        return float(self.table["high"][-1]) if self.table.height else -math.inf

    @property
    def error(self) -> float:
        """A quantile x is off by at most `error * max(|x|, 2^-1022)`; 2^-17 with 16 bits."""
        return float(2.0 ** -(self.bits + 1))

    def quantile(self, q: float) -> float:
        """As `quantiles`, of one."""
        return self.quantiles([q])[0]

    def quantiles(self, qs: Iterable[float]) -> list[float]:
        """The numbers at rank ceil(q n), at least 1, of all in ascending order; NaN without any.

        The middle of the bucket that holds the rank stands for the number there, hence `error`.
        It is exact where the bucket holds one value only, and at the first and the last rank of
        a bucket; so quantiles 0 and 1 are the minimum and the maximum.
        """
        ends, low, high = self._column("count").cumsum(), self._column("low"), self._column("high")
        found = []
        for at, rank in self._places(qs):
            first = rank == 1 or (at > 0 and rank == ends[at - 1] + 1)
            middle = low[at] / 2 + high[at] / 2  # their sum could overflow
            value = low[at] if first else high[at] if rank == ends[at] else middle
            found.append(float(np.clip(value, low[at], high[at])))
        return found or [math.nan for _ in qs]

    def rank(self, x: float) -> int:
        """How many numbers are at most `x`; all those of its own bucket count, if one is."""
        return int(self.table.filter(pl.col("low") <= x)["count"].sum())

    def cuts(self, qs: Iterable[float]) -> list[int]:
        """The distinct keys of the buckets that hold these quantiles, but for the last bucket."""
        inner = {at for at, _ in self._places(qs)} - {self.table.height - 1}
        return [int(self.table["key"][at]) for at in sorted(inner)]

    def split(self, cuts: Sequence[int]) -> pl.DataFrame:
        """The table in `len(cuts) + 1` rows: what lies up to each cut, itself included, and beyond.

        Exact, since cuts fall between buckets. Where a part is empty, `low` and `high` are null.
        """
        part = pl.Series("part", np.searchsorted(cuts, self._column("key")), pl.Int64)
        parts = pl.DataFrame({"part": pl.Series(range(len(cuts) + 1), dtype=pl.Int64)})
        sums = pl.exclude("part", "low", "high")
        found = (
            self.table.drop("key")
            .with_columns(part)
            .group_by("part")
            .agg(pl.col("low").min(), pl.col("high").max(), sums.sum())
        )
        joined = parts.join(found, on="part", how="left", maintain_order="left")
        return joined.with_columns(sums.fill_null(0)).drop("part")

    def coarsened(self, bits: int) -> Histogram:
        """The same numbers with at most so many bits of the mantissa."""
        if bits >= self.bits:
            return self
        wide = self.table.with_columns(pl.Series("key", self._column("key") >> (self.bits - bits)))
        return replace(self, table=_joined(wide), bits=bits)

    def _fitted(self) -> Histogram:
        found = self
        while found.table.height > found.limit:
            found = found.coarsened(found.bits - 1)
        return found

    def _column(self, name: str) -> np.ndarray[Any, Any]:
        return self.table[name].to_numpy()

    def _places(self, qs: Iterable[float]) -> list[tuple[int, int]]:
        """Bucket and rank of each quantile; none where there are no numbers."""
        ends = self._column("count").cumsum()
        if not len(ends):
            return []
        # 0.07 * 100 is a little more than 7, and must not be rank 8.
        ranks = [max(math.ceil(q * int(ends[-1]) * (1 - 2**-50)), 1) for q in qs]
        return list(zip(np.searchsorted(ends, ranks).tolist(), ranks, strict=True))


def aligned(a: Histogram, b: Histogram) -> tuple[Histogram, Histogram]:
    """Both on the coarser grid of the two, so that equal keys mean the same bucket."""
    bits = min(a.bits, b.bits)
    return a.coarsened(bits), b.coarsened(bits)


def _keys(numbers: pl.Series) -> pl.Series:
    bits = numbers.to_numpy().view(np.int64)
    magnitude = bits & _MAGNITUDE
    keys = magnitude >> (52 - MANTISSA)
    below = (bits < 0) & (magnitude > 0)
    return pl.Series("key", np.where(below, ~keys, keys), pl.Int64)


def _joined(table: pl.DataFrame) -> pl.DataFrame:
    """One row a key, in order."""
    ends = (pl.col("low").min() + 0.0, pl.col("high").max() + 0.0)  # -0.0 + 0.0 is 0.0
    return table.group_by("key").agg(*ends, pl.exclude("low", "high").sum()).sort("key")
