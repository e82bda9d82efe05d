"""Several ids as one: the cell of a cross table they meet in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import polars as pl
from pydantic import Field as Option
from pydantic import field_validator

from features.derived.derived import Derived, Name
from features.transforms.text import canonical
from features.want import Want

_SEPARATOR, _ESCAPE = "\x1f", "\x1e"
_MISSING = _ESCAPE  # no escaped text equals it: an escape in one is followed by a digit


class Cross(Derived):
    """The ids of two or more columns in one text: missing where all of them are.

    Different tuples have different texts, those with missing parts included.

        [[derived]]
        type = "cross"
        name = "city_x_category"
        columns = ["user_city", "item_category"]
    """

    type: Literal["cross"] = "cross"
    columns: Annotated[tuple[Name, ...], Option(min_length=2)]

    @field_validator("columns")
    @classmethod
    def _differ(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(columns)) < len(columns):
            raise ValueError("the columns of a cross must differ; name each once")
        return columns

    @property
    def wants(self) -> dict[str, Want]:
        return dict.fromkeys(self.columns, "id")

    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        parts = [self._part(column, self.dtype(column, dtypes)) for column in self.columns]
        some = pl.any_horizontal([part.is_not_null() for part in parts])
        joined = [part.fill_null(_MISSING) for part in parts]
        return pl.when(some).then(pl.concat_str(joined, separator=_SEPARATOR))

    def _part(self, column: str, dtype: pl.DataType) -> pl.Expr:
        text = canonical(pl.col(column), dtype, column)
        for index, mark in enumerate((_ESCAPE, _SEPARATOR)):
            text = text.str.replace_all(mark, f"{_ESCAPE}{index}", literal=True)
        return text
