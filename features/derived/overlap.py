"""What two lists have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl
from pydantic import field_validator

from features.derived.bound import bound
from features.derived.derived import Derived, Name
from features.derived.lists import texts
from features.want import Want


class Overlap(Derived):
    """The ids that both lists hold, each once: missing where either list is.

    `measure`: their `count`; `jaccard`, |a and b| / |a or b|; `share`, |a and b| / |a|; or the
    `items` themselves, in the order of the first list. 0 / 0 is missing.

        [[derived]]
        type = "overlap"
        name = "shared_tags"
        columns = ["user_tags", "item_tags"]
    """

    type: Literal["overlap"] = "overlap"
    columns: tuple[Name, Name]
    measure: Literal["count", "jaccard", "share", "items"] = "count"

    @field_validator("columns")
    @classmethod
    def _differ(cls, columns: tuple[str, str]) -> tuple[str, str]:
        if columns[0] == columns[1]:
            raise ValueError(f"an overlap is of two columns; both are '{columns[0]}'")
        return columns

    @property
    def wants(self) -> dict[str, Want]:
        return dict.fromkeys(self.columns, "ids")

    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        one, other = (texts(column, self.dtype(column, dtypes)) for column in self.columns)
        shared = one.list.set_intersection(other)
        if self.measure == "items":
            return shared
        count = shared.list.len()
        if self.measure == "count":
            return count.cast(pl.Int32)
        whole = one.list.set_union(other) if self.measure == "jaccard" else one.list.unique()
        return bound({"count": count, "whole": whole.list.len()}, _share)


def _share(count: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(count.cast(pl.Float64) / whole)
