"""How long ago each element of a list of times was."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

import polars as pl
from pydantic import Field as Option
from pydantic import field_validator

from features.derived.derived import Derived, Name
from features.derived.instant import SECOND, Unit, instant
from features.derived.lists import elements
from features.want import Want

_CENTURY = 100 * 366 * 86_400
_POWERS = tuple(2.0**power for power in range(32))  # 1 second to 68 years
Edge = Annotated[float, Option(ge=-_CENTURY, le=_CENTURY)]


class Gaps(Derived):
    """For each time in the list of `column`, the bucket of the seconds from it to `now`.

    A list of ids as long as the column's: "0" below the first of the `edges`, "1" from it on, and
    so forth; missing elements stay missing. The usual edges are 1, 2, 4, 8 ... seconds, 68 years
    the last of them. `unit` is that of numbers.

        [[derived]]
        type = "gaps"
        name = "click_gaps"
        column = "click_times"
        now = "shown_at"
        edges = [60, 3600, 86400]
    """

    type: Literal["gaps"] = "gaps"
    column: Name
    now: Name
    edges: Annotated[tuple[Edge, ...], Option(min_length=1, max_length=1_000)] = _POWERS
    unit: Unit = "s"

    @field_validator("edges")
    @classmethod
    def _ascend(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        for one, other in pairwise(edges):
            if _micros(other) <= _micros(one):
                raise ValueError(f"edges must ascend; {other:g} comes after {one:g}")
        return edges

    @property
    def wants(self) -> dict[str, Want]:
        return {self.column: "ids", self.now: "value"}

    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        lists, inner = elements(self.column, self.dtype(self.column, dtypes))
        times = lists.list.eval(instant(pl.element(), inner, self.column, self.unit))
        now = instant(pl.col(self.now), self.dtype(self.now, dtypes), self.now, self.unit)
        edges = pl.lit(pl.Series([_micros(edge) for edge in self.edges], dtype=pl.Int64))
        bucket = edges.search_sorted(pl.element(), side="right").cast(pl.String)
        return (now - times).list.eval(pl.when(pl.element().is_not_null()).then(bucket))


def _micros(seconds: float) -> int:
    return round(seconds * SECOND)
