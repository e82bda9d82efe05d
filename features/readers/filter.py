"""Which rows to keep: conditions `[column, operator, value]`, all of which must hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import (
    AfterValidator,
    ConfigDict,
    RootModel,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from features.errors import ConfigError, DataError, SchemaError
from features.readers.comparison import comparable
from features.readers.failures import shown
from features.readers.location import Location
from features.suggest import listing, nearest
from features.validation import explain

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
_LISTS = ("in", "not in")


def _values(given: object) -> object:
    """Check that `given` is a value or a list of them, which becomes a tuple."""
    return tuple(map(_value, given)) if isinstance(given, list | tuple) else _value(given)


def _value(given: object) -> object:
    finite = isinstance(given, float) and math.isfinite(given)
    if not finite and not isinstance(given, int | str | date):  # bool and datetime among them
        raise ValueError("a value must be a number, text, true or false, a date or a time")
    return given


Values = Annotated[Any, AfterValidator(_values)]


@dataclass(frozen=True)
class Bounds:
    """Of groups of rows: the least and the largest value (null: unknown), and whether there is
    no value at all; each (groups,)."""

    low: pl.Series
    high: pl.Series
    void: pl.Series


class Condition(RootModel[tuple[str, Operator, Values]]):
    """What one column must hold; null and NaN never do, whatever the operator.

    `in` and `not in` take a list of values, the others one value.
    """

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _, operator, value = self.root
        if operator in _LISTS and (not isinstance(value, tuple) or not value):
            raise ValueError(f"'{operator}' needs a list of at least one value; got {value!r}")
        if operator not in _LISTS and isinstance(value, tuple):
            raise ValueError(f"'{operator}' needs one value; got a list. For a list, use 'in'")
        return self

    def __str__(self) -> str:
        column, operator, value = self.root
        values = [*value] if isinstance(value, tuple) else value
        return f"{column} {operator} {values!r}"

    @property
    def column(self) -> str:
        return self.root[0]

    def exact(self, dtype: pl.DataType) -> pl.Expr:
        """Whether each row of the column, which is of `dtype`, is kept; null is not.

        Raises SchemaError where the value cannot be compared with the dtype.
        """
        column, values = self._ready(pl.col(self.column), dtype)
        kept = _EXACT[self.root[1]](column, values)
        return kept & column.is_not_nan() if dtype.is_float() else kept

    def may(self, bounds: Bounds) -> pl.Series:
        """Whether each group of rows may hold one to keep (groups,); in doubt, it may."""
        dtype = bounds.low.dtype
        ends = pl.DataFrame({"low": bounds.low, "high": bounds.high})
        if dtype.is_float():
            ends = ends.fill_nan(None)
        low, values = self._ready(pl.col("low"), dtype)
        high, _ = self._ready(pl.col("high"), dtype)
        may = ends.select(_MAY[self.root[1]](low, high, values).alias("may"))["may"]
        return may.fill_null(True) & ~bounds.void

    def _ready(self, column: pl.Expr, dtype: pl.DataType) -> tuple[pl.Expr, pl.Series]:
        """Return the column and the values in a dtype in which comparing them loses nothing."""
        value = self.root[2]
        values = value if isinstance(value, tuple) else (value,)
        try:
            return comparable(column, dtype, values)
        except (ValueError, TypeError, OverflowError) as cause:
            raise SchemaError(
                f"filter: column {self.column!r} holds {dtype}, which cannot be compared as in "
                f"{shown(str(self))}: {cause}. Change the value."
            ) from None


def _one(values: pl.Series) -> pl.Expr:
    return pl.lit(values).first()


_EXACT: dict[str, Callable[[pl.Expr, pl.Series], pl.Expr]] = {
    "==": lambda column, values: column == _one(values),
    "!=": lambda column, values: column != _one(values),
    "<": lambda column, values: column < _one(values),
    "<=": lambda column, values: column <= _one(values),
    ">": lambda column, values: column > _one(values),
    ">=": lambda column, values: column >= _one(values),
    "in": lambda column, values: column.is_in(values.implode()),
    "not in": lambda column, values: ~column.is_in(values.implode()),
}


def _within(low: pl.Expr, high: pl.Expr, values: pl.Series) -> pl.Expr:
    each = [_one(values[at : at + 1]) for at in range(len(values))]
    return pl.any_horizontal((low <= value) & (high >= value) for value in each)


def _beside(low: pl.Expr, high: pl.Expr, values: pl.Series) -> pl.Expr:
    """Whether not all values can be the same one of `values`."""
    return ~((low == high) & low.is_in(values.implode()))


_MAY: dict[str, Callable[[pl.Expr, pl.Expr, pl.Series], pl.Expr]] = {
    "==": _within,
    "!=": _beside,
    "<": lambda low, _, values: low < _one(values),
    "<=": lambda low, _, values: low <= _one(values),
    ">": lambda _, high, values: high > _one(values),
    ">=": lambda _, high, values: high >= _one(values),
    "in": _within,
    "not in": _beside,
}


@dataclass(frozen=True)
class Filter:
    """Conditions that must all hold; without any, every row is kept."""

    conditions: tuple[Condition, ...] = ()

    @classmethod
    def of(cls, conditions: Sequence[object]) -> Filter:
        """Check what a configuration or a caller gave; ConfigError where it does not hold."""
        try:
            return cls(_CONDITIONS.validate_python(conditions))
        except ValidationError as cause:
            raise ConfigError(explain(cause, Condition, "filter")) from cause

    def __str__(self) -> str:
        return " and ".join(map(str, self.conditions))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return tuple(dict.fromkeys(one.column for one in self.conditions))

    def exact(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """Whether each row of such columns is kept; SchemaError where one does not fit."""
        for column in self.columns:
            if column not in schema:
                raise SchemaError(
                    f"filter: column {column!r} is not in the data; it holds "
                    f"{listing(schema, 40)}.{nearest(column, schema)}"
                )
        return reduce(and_, (one.exact(schema[one.column]) for one in self.conditions))

    def may(self, bounds: Mapping[str, Bounds], groups: int) -> list[bool]:
        """Whether each of so many groups of rows may hold one to keep."""
        kept = pl.repeat(True, groups, dtype=pl.Boolean, eager=True)
        for one in self.conditions:
            if one.column in bounds:
                kept &= one.may(bounds[one.column])
        return kept.to_list()

    def dump(self) -> list[Any]:
        """The conditions as JSON."""
        return [one.model_dump(mode="json") for one in self.conditions]


_CONDITIONS = TypeAdapter(tuple[Condition, ...])


def pruned(files: Sequence[Location], wanted: Filter, own: Iterable[str]) -> tuple[Location, ...]:
    """Return the files whose folders do not rule out that `wanted` keeps some of their rows.

    Columns that the files hold themselves (`own`) are not the folders'. Raises DataError where
    no file is left, SchemaError where a condition does not fit what the folders hold.
    """
    folders = pl.concat([file.partition for file in files]).drop(*own, strict=False)
    bounds = {column.name: Bounds(column, column, column.is_null()) for column in folders}
    may = wanted.may(bounds, len(files))
    if not any(may):
        raise DataError(
            f"{files[0]}: the filter must keep at least one of {len(files)} files; their folders "
            f"say that {wanted} keeps none."
        )
    return tuple(file for file, kept in zip(files, may, strict=True) if kept)
