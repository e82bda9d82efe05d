"""Rows, and how often their label is 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from features.statistics import Statistic

LABELLED, POSITIVES = "labelled", "positives"
_Z = 1.959964  # of the normal distribution, 95% lie within


@dataclass(frozen=True)
class Tally(Statistic):
    """`rows`; those whose label is 0 or 1 (`labelled`); those where it is 1 (`positives`)."""

    rows: int = 0
    labelled: int = 0
    positives: int = 0

    @classmethod
    def of(cls, rows: int, labels: pl.DataFrame | None) -> Tally:
        if labels is None:
            return cls(rows)
        return cls(rows, int(labels[LABELLED].sum()), int(labels[POSITIVES].sum()))

    @classmethod
    def of_sums(cls, sums: Mapping[str, Any]) -> Tally:
        """From a row of a sketch that carries `label_counts`, or nothing."""
        return cls(sums["count"], sums.get(LABELLED, 0), sums.get(POSITIVES, 0))

    def merge(self, other: Tally) -> Tally:
        return Tally(
            self.rows + other.rows,
            self.labelled + other.labelled,
            self.positives + other.positives,
        )

    def less(self, others: list[Tally]) -> Tally:
        """The rows that are in none of these parts of them."""
        return Tally(
            self.rows - sum(one.rows for one in others),
            self.labelled - sum(one.labelled for one in others),
            self.positives - sum(one.positives for one in others),
        )

    @property
    def rate(self) -> float | None:
        """Share of the labelled rows whose label is 1."""
        return self.positives / self.labelled if self.labelled else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95% interval of the rate (Wilson 1927).

        (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)
        """
        n, p = self.labelled, self.rate
        if p is None:
            return None
        middle, whole = p + _Z**2 / (2 * n), 1 + _Z**2 / n
        reach = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max((middle - reach) / whole, 0.0), min((middle + reach) / whole, 1.0)


def label_counts(label: pl.Series) -> pl.DataFrame:
    """`labelled` and `positives` of each row, 0 or 1, for sketches to carry."""
    value = label.cast(pl.Float64, strict=False).rename("label").to_frame()
    return value.select(
        pl.col("label").is_in([0.0, 1.0]).fill_null(False).cast(pl.UInt8).alias(LABELLED),
        (pl.col("label") == 1).fill_null(False).cast(pl.UInt8).alias(POSITIVES),
    )
