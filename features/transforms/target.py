"""What the log says of a value: how often it came, and how its rows were labelled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field as Option
from pydantic import model_validator

from features.errors import DataError, SchemaError
from features.hashing import fold, hash_text, mix
from features.index import FIRST
from features.layout import Field, NumericField
from features.state import State
from features.statistics import Statistic
from features.transforms.labels import binary, finite
from features.transforms.scale import Doubles
from features.transforms.text import canonical, written
from features.transforms.transform import Roles, Transform, Values
from features.vocabulary import Vocabulary
from features.want import Want

_KEYS = ("value", "part")


@dataclass(frozen=True)
class Sums(Statistic):
    """Rows and labels by value ("" where missing) and part of the log: value String, part Int64,
    count UInt64, sum Float64."""

    table: pl.DataFrame

    def merge(self, other: Sums) -> Sums:
        both = pl.concat([self.table, other.table])
        return Sums(both.group_by(_KEYS).agg(pl.col("count").sum(), pl.col("sum").sum()))


class Target(Transform):
    """A smoothed statistic of the label by the value of a column.

    `rate`, of 0/1 labels: logit((clicks + m p) / (rows + m)) - logit(p), where p is the rate of
    the whole and m the `smoothing`, in rows; `mean`: (sum + m p) / (rows + m) - p; `count`:
    log(1 + rows). The rows that are learned from never see their own label: theirs leaves out
    all rows of their fold, by a hash of the column `fold_by` (default: the query), or, given
    `before`, a time, takes in only rows of earlier periods (`period` in seconds, or in units of a
    number column). All others read one frozen table.

        [[features]]
        type = "target"
        name = "item_rate"
        column = "item_id"
    """

    type: Literal["target"] = "target"
    want: ClassVar[Want] = "id"
    statistic: Literal["rate", "mean", "count"] = "rate"
    smoothing: float = Option(default=20.0, gt=0, allow_inf_nan=False)
    fold_by: str | None = None
    folds: int = Option(default=5, ge=2, le=1000)
    before: str | None = None
    period: float = Option(default=86_400.0, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.fold_by is not None and self.before is not None:
            raise ValueError("rows are held apart by `fold_by` or by `before`; got both")
        return self

    @property
    def key(self) -> str:
        return f"target:{self.name}"

    def _apart(self, roles: Roles) -> str:
        return self.before or self.fold_by or roles.require("query", f"'{self.name}' by folds")

    def fit_columns(self, roles: Roles) -> tuple[str, ...]:
        label = roles.require("label", f"feature '{self.name}'")
        return (self.column, label, self._apart(roles))

    def observe(self, frame: pl.DataFrame, roles: Roles) -> Sums:
        assert roles.label is not None
        label = (binary if self.statistic == "rate" else finite)(frame[roles.label])
        text = canonical(pl.col(self.column), frame[self.column].dtype, self.column)
        table = frame.select(text.fill_null("").alias("value")).with_columns(
            pl.Series("part", self._parts(frame, roles)), label.alias("sum")
        )
        sums = table.group_by(_KEYS).agg(pl.len().cast(pl.UInt64).alias("count"), pl.sum("sum"))
        return Sums(sums.select("value", "part", "count", "sum"))

    def _parts(self, frame: pl.DataFrame, roles: Roles) -> npt.NDArray[np.int64]:
        """The fold or the period of each row, int64 (n,)."""
        column = frame[self._apart(roles)]
        if self.before is None:
            text = canonical(pl.col(column.name), column.dtype, column.name)
            hashes = hash_text(column.to_frame().select(text).to_series())
            return fold(mix(hashes, 1), self.folds).astype(np.int64)
        if isinstance(column.dtype, pl.Date | pl.Datetime):
            column = column.dt.timestamp("us") / 1e6
        known = column.dtype.is_numeric() or column.dtype == pl.Null
        times = column.cast(pl.Float64) if known else None
        if times is None or not times.is_finite().fill_null(False).all():
            raise SchemaError(
                f"Column '{self.before}' must hold a time in every row for '{self.name}'; it "
                f"holds {column.dtype}, or misses some. Mend it, or use `fold_by`."
            )
        return np.floor(times.to_numpy() / self.period).astype(np.int64)

    def finalize(self, statistic: Any, base: Path) -> State:  # noqa: ARG002
        total = statistic.table.group_by("value").agg(pl.sum("count"), pl.sum("sum"))
        if total.is_empty():
            raise DataError(f"Column '{self.column}' must hold rows to learn from; it holds none.")
        known = total.filter(pl.col("value") != "").sort(
            ["count", "value"], descending=[True, False]
        )
        vocabulary = Vocabulary.of(known["value"])
        empty = total.filter(pl.col("value") == "")
        ordered = pl.concat([empty, known])
        rows = np.append(np.zeros(empty.height, np.int64), np.arange(known.height) + FIRST)
        count, total_sum = np.zeros(vocabulary.rows), np.zeros(vocabulary.rows)
        count[rows], total_sum[rows] = ordered["count"].to_numpy(), ordered["sum"].to_numpy()
        prior = np.full(1, total_sum.sum() / count.sum())
        encoded = self._smoothed(count, total_sum, prior)
        return State({}, {"encoded": encoded}, vocabulary, self._history(statistic, vocabulary))

    def _smoothed(self, count: Doubles, total: Doubles, prior: Doubles) -> npt.NDArray[np.float32]:
        if self.statistic == "count":
            return np.log1p(count).astype(np.float32)
        mean = (total + self.smoothing * prior) / (count + self.smoothing)
        if self.statistic == "mean":
            return (mean - prior).astype(np.float32)
        return (_logit(mean) - _logit(prior)).astype(np.float32)

    def _history(self, statistic: Sums, vocabulary: Vocabulary) -> dict[str, npt.NDArray[Any]]:
        """The sums by row and part, sorted, as running totals with a leading zero."""
        table = statistic.table
        rows = vocabulary.index.find(hash_text(table["value"]))
        table = table.with_columns(row=pl.Series(rows)).sort("row", "part")
        parts, inverse = np.unique(table["part"].to_numpy(), return_inverse=True)

        def running(column: str) -> Doubles:
            return np.concatenate([[0.0], np.cumsum(table[column].to_numpy().astype(np.float64))])

        by_part = table.group_by("part").agg(pl.sum("count"), pl.sum("sum")).sort("part")
        return {
            "parts": parts,
            "entries": table["row"].to_numpy().astype(np.int64) * len(parts) + inverse,
            "count": running("count"),
            "sum": running("sum"),
            "part_count": by_part["count"].to_numpy().astype(np.float64),
            "part_sum": by_part["sum"].to_numpy(),
        }

    def read(self, dtype: pl.DataType) -> pl.Expr | None:
        text = written(pl.col(self.column), dtype, self.column)
        return None if dtype == pl.String else text

    def encode(self, values: pl.Series, state: State) -> Values:
        return state.arrays["encoded"][self._rows(values, state)]

    @staticmethod
    def _rows(values: pl.Series, state: State) -> npt.NDArray[np.int32]:
        assert state.vocabulary is not None
        return state.vocabulary.index.find(hash_text(values))

    def encode_training(
        self, values: pl.Series, frame: pl.DataFrame, roles: Roles, state: State
    ) -> Values:
        past = state.training
        if not past:
            raise DataError(
                f"Feature '{self.name}' must know the log that it was learned from to encode its "
                "rows; a bundle's encoder does not. Use the encoder in the prepared data."
            )
        width = len(past["parts"])
        first = self._rows(values, state).astype(np.int64) * width
        part = np.searchsorted(past["parts"], self._parts(frame, roles))
        start = np.searchsorted(past["entries"], first)
        own = np.searchsorted(past["entries"], first + part)
        after = np.searchsorted(past["entries"], first + part, side="right")
        stop = np.searchsorted(past["entries"], first + width)

        def seen(name: str) -> tuple[Doubles, Doubles]:
            running, of_part = past[name], past[f"part_{name}"]
            earlier = np.concatenate([[0.0], np.cumsum(of_part)])
            if self.before is not None:
                return running[own] - running[start], earlier[part]
            others = running[stop] - running[start] - (running[after] - running[own])
            return others, earlier[-1] - of_part[part]

        (count, rows), (total, labels) = seen("count"), seen("sum")
        prior = np.divide(labels, rows, out=np.full_like(rows, 0.5), where=rows > 0)
        return self._smoothed(count, total, prior)

    def field(self, state: State) -> Field:  # noqa: ARG002
        return NumericField(name=self.name)


def _logit(p: Doubles) -> Doubles:
    inside = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(inside) - np.log1p(-inside)
