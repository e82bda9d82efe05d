"""Slices: rows by a column of the log, a bucket of a number, or an expression of columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import ValidationError

from features.derivation import with_derived
from features.derived.expression import Expression
from features.errors import ConfigError
from features.transforms.text import canonical

_COLUMN = re.compile(r"(?P<name>[\w.\-]+?)(?::(?P<buckets>[0-9]{1,4}))?")
_COMMAS = re.compile(r",(?![^()]*\))")
_BUCKETS = 10
_DISTINCT = 50  # a number of more values is cut into buckets
_MOST = 500  # slices of one column that are looked at, the largest first

MISSING = "missing"


@dataclass(frozen=True)
class By:
    """What tells slices apart: `device`, `price:5` (buckets of equal mass), `hour // 6`."""

    name: str
    buckets: int | None = None
    expression: Expression | None = None

    @property
    def columns(self) -> list[str]:
        """Raw columns to read."""
        return [self.name] if self.expression is None else list(self.expression.inputs)

    def keys(self, frame: pl.DataFrame) -> tuple[npt.NDArray[np.intp], list[str]]:
        """The number (rows,) of each row's slice, and the slices' names in their order."""
        if self.expression is not None:
            frame = with_derived(frame.select(self.columns), [self.expression])
        values = frame[self.name]
        numeric = values.dtype.is_numeric()
        if self.buckets is not None and not numeric:
            raise ConfigError(
                f"Buckets are of a number; '{self.name}' holds {values.dtype}. Write --by "
                f"{self.name}."
            )
        if numeric and (self.buckets or values.n_unique() > _DISTINCT):
            return _bucketed(values.cast(pl.Float64), self.buckets or _BUCKETS)
        text = pl.select(canonical(pl.lit(values), values.dtype, self.name)).to_series()
        order = values.unique().sort(nulls_last=True) if numeric else text.unique().sort()
        named = pl.select(canonical(pl.lit(order), order.dtype, self.name)).to_series()
        names = [one for one in named.unique(maintain_order=True) if one is not None]
        known = {one: number for number, one in enumerate(names)}
        codes = text.replace_strict(known, default=len(names), return_dtype=pl.Int64).to_numpy()
        return codes, [*names, MISSING]


@dataclass(frozen=True, eq=False)
class Slice:
    """`rows`: the numbers of its rows."""

    by: str
    value: str
    rows: npt.NDArray[np.intp]

    def __str__(self) -> str:
        return f"{self.by} = {self.value}"


@dataclass(frozen=True, eq=False)
class Cut:
    """The slices that are large enough; how many were too small, and the rows of these."""

    slices: list[Slice]
    small: int
    small_rows: int

    @property
    def note(self) -> str:
        """How many slices were looked at."""
        left = f"; {self.small} of fewer rows ({self.small_rows} in all) were not"
        return f"{len(self.slices)} slices looked at{left if self.small else ''}"


def parse_by(text: str) -> list[By]:
    """A list as `device,price:5,hour // 6`, commas in parentheses apart.

    Raises ConfigError where an item is neither a column's name nor an expression.
    """
    return [_one(item.strip()) for item in _COMMAS.split(text) if item.strip()]


def cut(frame: pl.DataFrame, by: Sequence[By], least: int) -> Cut:
    """The slices of `least` rows or more, by each of `by` on its own."""
    kept: list[Slice] = []
    small, small_rows = 0, 0
    for one in by:
        codes, names = one.keys(frame)
        sizes = np.bincount(codes, minlength=len(names))
        order = np.argsort(codes, kind="stable")
        rows = np.split(order, np.cumsum(sizes)[:-1])
        large = np.flatnonzero(sizes >= max(1, least))
        chosen = np.sort(large[np.argsort(-sizes[large], kind="stable")][:_MOST])
        others = np.setdiff1d(np.flatnonzero(sizes), chosen)
        small, small_rows = small + others.size, small_rows + int(sizes[others].sum())
        kept += [Slice(one.name, names[code], rows[code]) for code in chosen]
    return Cut(kept, small, small_rows)


def _one(item: str) -> By:
    column = _COLUMN.fullmatch(item)
    if column is not None:
        buckets = column["buckets"]
        if buckets is not None and int(buckets) < 2:
            raise ConfigError(f"A number must be cut into 2 buckets or more; got '{item}'.")
        return By(column["name"], None if buckets is None else int(buckets))
    try:
        return By(item, expression=Expression(name=item, expression=item))
    except ValidationError as error:
        problem: Any = error.errors()[0]
        raise ConfigError(
            f"--by must name columns, as `device`, buckets of them, as `price:5`, or expressions, "
            f"as `hour // 6`; got '{item}': {problem['msg']}."
        ) from error


def _bucketed(values: pl.Series, buckets: int) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Of equal mass, but that equal values share one; what is no number is missing."""
    numbers = values.to_numpy()
    known = numbers[~np.isnan(numbers)]
    if not known.size:
        return np.zeros(len(numbers), np.intp), [MISSING]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, buckets + 1), method="lower"))
    inner = edges[1:-1]
    codes = np.searchsorted(inner, numbers, side="right")
    ends = [edges[0], *inner, edges[-1]]
    last = max(0, len(ends) - 2)
    names = [
        f"{low:g} to {'' if number == last else 'below '}{high:g}"
        for number, (low, high) in enumerate(pairwise(ends))
    ] or [f"{edges[0]:g}"]
    codes = np.where(np.isnan(numbers), len(names), codes)
    return codes, [*names, MISSING]
