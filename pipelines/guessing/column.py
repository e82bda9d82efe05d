"""A column of the sampled rows, and what is measured of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

Kind = Literal["empty", "boolean", "text", "integer", "float", "time", "list", "nested"]

# Seconds of 1990 and 2100: what falls between, in any unit, may be a time.
_EPOCH = (631_152_000, 4_102_444_800)
_ENOUGH = 50  # rows, below which being distinct means nothing
_DISTINCT = 0.95  # share of distinct values from which on a column names its rows


@dataclass(frozen=True)
class Column:
    """A named column. Empty text, NaN and infinities count as missing."""

    values: pl.Series

    @property
    def name(self) -> str:
        return self.values.name

    @cached_property
    def kind(self) -> Kind:
        dtype = self.values.dtype
        if self.nulls == len(self.values):
            return "empty"
        if isinstance(dtype, pl.List | pl.Array):
            return "list" if _names_ids(dtype.inner) else "nested"
        if dtype == pl.Boolean:
            return "boolean"
        if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
            return "text"
        if dtype.is_integer():
            return "integer"
        if dtype.is_numeric():
            return "float"
        return "time" if dtype.is_temporal() else "nested"

    @cached_property
    def present(self) -> pl.Series:
        """The values that are not missing."""
        values = self.values
        if values.dtype.is_float():
            values = values.filter(values.is_finite().fill_null(False))
        elif values.dtype == pl.String:
            values = values.filter((values != "").fill_null(False))
        return values.drop_nulls()

    @property
    def nulls(self) -> int:
        return len(self.values) - len(self.present)

    @cached_property
    def distinct(self) -> int:
        """Distinct values, or, of lists, elements."""
        return (self.elements() if self.kind == "list" else self.present).n_unique()

    @cached_property
    def constant(self) -> bool:
        if self.kind == "list":
            return self._lists(None).n_unique() == 1 and self.nulls == 0
        return self.kind != "nested" and self.distinct == 1 and self.nulls == 0

    @property
    def numeric(self) -> bool:
        return self.kind in ("integer", "float")

    @cached_property
    def whole(self) -> bool:
        """Whether all numbers are whole: pandas writes integers with gaps as floats."""
        if self.kind != "float":
            return self.kind == "integer"
        return bool((self.present == self.present.round()).all())

    @cached_property
    def binary(self) -> bool:
        """Whether the values are 0 and 1, or true and false, both there and none missing."""
        if self.nulls or not (self.kind == "boolean" or self.numeric) or self.distinct != 2:
            return False
        return set(self.present.unique()) == {0, 1}

    @cached_property
    def figures(self) -> tuple[float, float, float, float]:
        """Least, median, mean and largest of a numeric column."""
        numbers = self.present.cast(pl.Float64).to_frame("number")
        one = pl.col("number")
        least, median, mean, most = numbers.select(
            least=one.min(), median=one.median(), mean=one.mean(), most=one.max()
        ).row(0)
        return least, median, mean, most

    @property
    def skewed(self) -> bool:
        """Whether a numeric column is not negative and a few values dwarf the others."""
        least, median, mean, most = self.figures
        return least >= 0 and most >= 20 and (mean > 2 * median or most > 100 * median)

    @property
    def fills_range(self) -> bool:
        """Whether whole numbers leave few gaps, as ages do and codes do not."""
        least, _, _, most = self.figures
        return self.distinct >= 0.5 * (most - least + 1)

    @property
    def distinct_per_row(self) -> bool:
        present = len(self.present)
        return present >= _ENOUGH and self.distinct >= _DISTINCT * present

    @property
    def row_number(self) -> bool:
        """Whether whole numbers count the rows."""
        steps = self.values.cast(pl.Float64).diff().drop_nulls()
        return self.nulls == 0 and len(self.values) >= _ENOUGH and bool((steps == 1).all())

    @cached_property
    def stands_together(self) -> bool:
        """Whether rows of equal value follow each other, in runs of several rows."""
        if self.kind not in ("integer", "text") or self.nulls or self.distinct < 2:
            return False
        runs = int(self.values.ne_missing(self.values.shift()).fill_null(True)[1:].sum()) + 1
        return runs == self.distinct and len(self.values) >= 1.5 * runs

    @cached_property
    def epoch(self) -> float | None:
        """Units a second, 1 to 1e9, of numbers that may all be times since 1970."""
        if not self.numeric or self.nulls:
            return None
        least, _, _, most = self.figures
        first, last = _EPOCH
        units = (1.0, 1e3, 1e6, 1e9)
        return next((unit for unit in units if first * unit <= least <= most < last * unit), None)

    @cached_property
    def written_date(self) -> bool:
        """Whether the column is text that begins with a date."""
        return self.kind == "text" and bool(
            self.present.head(1000).cast(pl.String).str.contains(r"^\d{4}-\d\d-\d\d(\D|$)").all()
        )

    @cached_property
    def separator(self) -> str | None:
        """What parts text that lists a few words over and over, if that is what the column is."""
        if self.kind != "text":
            return None
        texts = self.present.cast(pl.String)
        for mark in ("|", ";"):
            if texts.str.contains(mark, literal=True).mean() >= 0.2:  # type: ignore[operator]
                return mark if 2 * self.elements(mark).n_unique() <= self.distinct else None
        return None

    def elements(self, separator: str | None = None) -> pl.Series:
        """Elements of a list, or of text split at `separator`, as text."""
        return self._lists(separator).explode(empty_as_null=False).drop_nulls().cast(pl.String)

    def longest(self, separator: str | None = None) -> int:
        """Elements of the longest list."""
        return int(self._lists(separator).list.len().max() or 0)  # type: ignore[arg-type]

    def _lists(self, separator: str | None) -> pl.Series:
        if separator is not None:
            return self.present.cast(pl.String).str.split(separator)
        dtype = self.present.dtype
        inner = dtype.inner if isinstance(dtype, pl.Array) else None
        return self.present if inner is None else self.present.cast(pl.List(inner))


def _names_ids(dtype: object) -> bool:
    """Whether elements of this dtype are ids: text or integers, not the numbers of a vector."""
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum | pl.Boolean) or (
        isinstance(dtype, pl.DataType) and dtype.is_integer()
    )
