"""What a candidate's column must hold for a rule to concern it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import ConfigDict, RootModel, model_validator

from features.transforms.text import canonical
from features.want import Want
from serving.rerank.traits import Traits

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
Scalar = bool | int | float | str
Mask = npt.NDArray[np.bool_]

_LISTS = ("in", "not in")
_NOT = ("!=", "not in")
_ORDER: dict[str, Callable[[Any, Any], Mask]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Condition(RootModel[tuple[str, Operator, Scalar | tuple[Scalar, ...]]]):
    """`[column, operator, value]`; a missing value never holds, whatever the operator.

    `<`, `<=`, `>`, `>=` compare numbers. The others compare ids, in the one text that an encoder
    knows them by: 7, 7.0 and "7" are the same. `in` and `not in` take a list.
    """

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _, symbol, value = self.root
        listed = isinstance(value, tuple)
        if listed != (symbol in _LISTS) or value == ():
            wanted = "a list of at least one value" if symbol in _LISTS else "one value"
            raise ValueError(f"'{symbol}' needs {wanted}; got {value!r}")
        values = value if isinstance(value, tuple) else (value,)
        if any(isinstance(one, float) and not math.isfinite(one) for one in values):
            raise ValueError(f"a value must be finite; got {value!r}")
        if symbol in _ORDER and (isinstance(value, bool | str)):
            raise ValueError(f"'{symbol}' compares numbers; got {value!r}")
        return self

    @property
    def column(self) -> str:
        return self.root[0]

    @property
    def want(self) -> Want:
        """How the column is read."""
        return "number" if self.root[1] in _ORDER else "id"

    @cached_property
    def _texts(self) -> list[str]:
        value = self.root[2]
        values = value if isinstance(value, tuple) else (value,)
        return [text for one in values if (text := _text(one)) is not None]

    def holds(self, traits: Traits) -> Mask:
        """Of which candidates: bool (rows,)."""
        symbol = self.root[1]
        if symbol in _ORDER:
            return _ORDER[symbol](traits.numbers(self.column), self.root[2])  # NaN never holds
        ids = traits.ids(self.column)
        found = np.isin(ids.codes, [ids.known[text] for text in self._texts if text in ids.known])
        return (ids.codes >= 0) & ~found if symbol in _NOT else found


When = tuple[Condition, ...]


def all_hold(when: When, traits: Traits) -> Mask:
    """Of which candidates every condition holds: bool (rows,)."""
    mask = np.ones(traits.rows, bool)
    for one in when:
        mask &= one.holds(traits)
    return mask


def _text(value: Scalar) -> str | None:
    series = pl.Series("value", [value])
    text = series.to_frame().select(canonical(pl.col("value"), series.dtype, "value"))
    found: str | None = text.item()
    return found
