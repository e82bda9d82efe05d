"""What the values of a column are: how many, how frequent, and as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from features.errors import SchemaError
from features.sketches.distinct import Distinct
from features.sketches.frequent import Frequent
from features.sketches.histogram import Histogram
from features.statistics import Moments, Statistic
from features.transforms.text import canonical
from pipelines.inspect.tally import Tally

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Values(Statistic):
    """Of a flat column. Null, NaN and "" are missing, as they are for ids.

    present: the others. numbers, moments: of numbers, and of times as seconds; the moments with
    numbers cut to the range of float32, as an encoder cuts them.
    """

    present: Tally
    nans: int
    empty: int
    distinct: Distinct
    frequent: Frequent
    numbers: Histogram | None
    moments: Moments | None

    @classmethod
    def of(cls, values: pl.Series, labels: pl.DataFrame | None) -> Values | None:
        """None where the values are no ids: lists, structs, binary."""
        texts = texts_of(values)
        if texts is None:
            return None
        kept = texts.is_not_null()
        numbers = _numbers(values)
        finite = None if numbers is None else numbers.filter(numbers.is_finite())
        return cls(
            present=Tally.of(int(kept.sum()), None if labels is None else labels.filter(kept)),
            nans=int(values.is_nan().sum()) if values.dtype.is_float() else 0,
            empty=int((values == "").sum()) if values.dtype == pl.String else 0,
            distinct=Distinct.of(texts),
            frequent=Frequent.of(texts, labels),
            numbers=None if numbers is None else Histogram.of(numbers, labels),
            moments=None if finite is None else Moments.of(finite.clip(-_LARGEST, _LARGEST)),
        )

    def merge(self, other: Values) -> Values:
        return Values(
            self.present.merge(other.present),
            self.nans + other.nans,
            self.empty + other.empty,
            self.distinct.merge(other.distinct),
            self.frequent.merge(other.frequent),
            None
            if self.numbers is None or other.numbers is None
            else self.numbers.merge(other.numbers),
            None
            if self.moments is None or other.moments is None
            else self.moments.merge(other.moments),
        )

    @property
    def cardinality(self) -> tuple[float, float]:
        """Distinct values, and the relative standard error of that; 0 while they were counted."""
        if self.frequent.exact:
            return float(self.frequent.table.height), 0.0
        return self.distinct.estimate, self.distinct.error


def texts_of(values: pl.Series) -> pl.Series | None:
    """The values as an encoder names ids, null where missing; None where they are no ids."""
    frame = values.rename("value").to_frame()
    try:
        return frame.select(canonical(pl.col("value"), values.dtype, values.name)).to_series()
    except SchemaError:
        return None


def lists_of(values: pl.Series) -> pl.Series | None:
    """Lists as such, arrays too; None for other values."""
    if isinstance(values.dtype, pl.Array):
        return values.arr.to_list()
    return values if isinstance(values.dtype, pl.List) else None


def elements_of(values: pl.Series) -> pl.Series:
    """The elements of lists, one after another; other values as they are."""
    lists = lists_of(values)
    return values if lists is None else lists.explode(empty_as_null=False, keep_nulls=False)


def _numbers(values: pl.Series) -> pl.Series | None:
    """As Float64, times as seconds: since 1970, or since midnight; None for other values."""
    dtype = values.dtype
    if dtype.is_numeric():
        return values.cast(pl.Float64)
    if isinstance(dtype, pl.Date):
        return values.cast(pl.Int64).cast(pl.Float64) * 86_400
    if isinstance(dtype, pl.Datetime):
        return values.dt.timestamp("us").cast(pl.Float64) / 1e6
    if isinstance(dtype, pl.Time):
        return values.cast(pl.Int64).cast(pl.Float64) / 1e9
    return None
