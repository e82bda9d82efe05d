"""A formula over other columns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import polars as pl
from pydantic import ConfigDict, field_validator
from pydantic import Field as Option

from features.derived.compiler import compiled
from features.derived.derived import Derived
from features.derived.grammar import parse
from features.derived.kinds import Reading, readings
from features.derived.tree import Node
from features.want import Want


class Expression(Derived):
    """The value of a formula: a Float64, or a String.

    Its text alone says which columns are numbers and which are texts; the columns' own types never
    change its meaning. What is missing, divides by zero or is beyond the range of numbers is
    missing, and so is all that is computed from it, unless `fill` or `is_missing` asks.

        [[derived]]
        type = "expression"
        name = "price_per_square_metre"
        expression = "log1p(price) / max(area, 1)"
    """

    model_config = ConfigDict(serialize_by_alias=True)

    type: Literal["expression"] = "expression"
    formula: str = Option(alias="expression")  # its key is the name of the method that all have

    @field_validator("formula")
    @classmethod
    def _sound(cls, formula: str) -> str:
        if not readings(parse(formula), formula):
            raise ValueError("an expression must name a column; its value is the same in all rows")
        return formula

    @cached_property
    def _tree(self) -> Node:
        return parse(self.formula)

    @cached_property
    def _readings(self) -> dict[str, Reading]:
        return readings(self._tree, self.formula)

    @property
    def wants(self) -> dict[str, Want]:
        return {name: _want(reading) for name, reading in self._readings.items()}

    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        return compiled(
            self._tree, self._readings, {name: self.dtype(name, dtypes) for name in self.inputs}
        )


def _want(reading: Reading) -> Want:
    if reading.kind is None:
        return "value"
    return "id" if reading.kind == "text" else "number"
