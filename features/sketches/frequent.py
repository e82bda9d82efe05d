"""The most frequent values, with their counts, from a table of bounded size."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from features.hashing import hash_series
from features.statistics import Statistic

LIMIT = 1 << 14  # values kept
SHOWN = 240  # characters kept of a value


@dataclass(frozen=True)
class Frequent(Statistic):
    """Counts of values, exact while there are at most `limit` of them.

    `table` has the columns hash (UInt64, of the whole text), value (String, its first `SHOWN`
    characters), length (UInt32, of the whole, in characters), count and missed (UInt64), and the
    sums (UInt64) of whatever the values carry, such as labels, over the rows in `count`.

    The true count lies between `count` and `count + missed`; values not in the table occur at
    most `error` times, which is at most rows / (limit + 1). These bounds hold however the values
    were divided and merged. While `error` is 0 the table is exact and the same for every division;
    beyond, which of the rare values are in it depends on the division. (Misra and Gries 1982,
    merged as in Agarwal et al., PODS 2012; here an entry keeps the count since it came in.)
    """

    table: pl.DataFrame
    error: int
    limit: int = LIMIT

    @classmethod
    def of(
        cls, texts: pl.Series, carried: pl.DataFrame | None = None, limit: int = LIMIT
    ) -> Frequent:
        """Of a String column, nulls apart; `carried` has a row a value, and whole numbers."""
        named = texts.rename("value")
        frame = named.to_frame() if carried is None else carried.with_columns(named)
        sums = pl.exclude("hash", "value").sum().cast(pl.UInt64)
        grouped = (
            frame.with_columns(hash_series(named).alias("hash"))
            .drop_nulls("value")
            .group_by("hash")
            .agg(pl.col("value").first(), pl.len().cast(pl.UInt64).alias("count"), sums)
        )
        table = grouped.select(
            "hash",
            pl.col("value").str.head(SHOWN),
            pl.col("value").str.len_chars().alias("length"),
            "count",
            pl.lit(0, pl.UInt64).alias("missed"),
            pl.exclude("hash", "value", "count"),
        )
        return cls(table, 0, limit)._fitted()

    def merge(self, other: Frequent) -> Frequent:
        assert self.limit == other.limit
        error = self.error + other.error
        both = pl.concat(
            [
                # What one side does not list, it may have seen as often as its error.
                self.table.with_columns(pl.lit(other.error, pl.UInt64).alias("elsewhere")),
                other.table.with_columns(pl.lit(self.error, pl.UInt64).alias("elsewhere")),
            ]
        )
        alone = pl.when(pl.len() == 1).then(pl.col("elsewhere").first()).otherwise(0)
        table = both.group_by("hash").agg(
            pl.col("value").first(),
            pl.col("length").first(),
            pl.col("count").sum(),
            (pl.col("missed").sum() + alone).alias("missed"),
            pl.exclude("hash", "value", "length", "count", "missed", "elsewhere").sum(),
        )
        return replace(self, table=table.select(self.table.columns), error=error)._fitted()

    @property
    def exact(self) -> bool:
        """Whether every value is in the table, with its count."""
        return self.error == 0

    def top(self, most: int) -> pl.DataFrame:
        """The most frequent values first, ties in the order of the text.

        Only those that no value left out of the table can exceed.
        """
        sure = self.table.filter(pl.col("count") >= self.error)
        return sure.sort(["count", "value", "hash"], descending=[True, False, False]).head(most)

    def _fitted(self) -> Frequent:
        if self.table.height <= self.limit:
            return self
        # Misra-Gries' counter, lowered by every earlier cut, from which it was missing or not.
        counter = pl.col("count") + pl.col("missed") - self.error
        values = self.table.select(counter).to_series()
        cut = int(values.top_k(self.limit + 1).min())  # type: ignore[arg-type]
        return replace(self, table=self.table.filter(values > cut), error=self.error + cut)
