"""Whether an id is in a list, such as this item among those clicked before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from features.derived.derived import Derived, Name
from features.derived.lists import texts
from features.transforms.text import canonical
from features.want import Want


class Member(Derived):
    """1 where the id of `column` is in the list of `of`, else 0; missing where either is.

    With `position`, how far from the list's end it last stands (0: it is the last element),
    missing where it is not in the list. Missing elements do not count.

        [[derived]]
        type = "member"
        name = "clicked_before"
        column = "item_id"
        of = "clicked_items"
    """

    type: Literal["member"] = "member"
    column: Name
    of: Name
    position: bool = False

    @property
    def wants(self) -> dict[str, Want]:
        return {self.column: "id", self.of: "ids"}

    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        value = canonical(pl.col(self.column), self.dtype(self.column, dtypes), self.column)
        lists = texts(self.of, self.dtype(self.of, dtypes))
        if not self.position:
            found = lists.list.contains(value)
            return pl.when(value.is_not_null()).then(found.cast(pl.Int32))
        left = pl.len().cast(pl.Int32) - 1 - pl.int_range(pl.len(), dtype=pl.Int32)
        entry = pl.struct(pl.element().alias("key"), left.alias("value"))
        return lists.list.eval(entry).list.to_map().map.get(value)  # the last of equal keys stays
