"""The tree of an expression as one Polars expression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from features.derived.bound import bound, filled, finite
from features.derived.functions import CONSTANTS, FUNCTIONS, OPERATORS, Kind, Takes, compared
from features.derived.kinds import Reading
from features.derived.number import is_number, number
from features.derived.tree import Call, Chain, Column, Constant, Node
from features.transforms.text import canonical

_DTYPES: dict[Kind, pl.DataType] = {
    "number": pl.Float64(),
    "truth": pl.Boolean(),
    "text": pl.String(),
}


@dataclass(frozen=True)
class _Value:
    """kind: Float64, Boolean or String, or None for what is missing in any kind.

    clean: holds neither NaN, infinities nor empty texts.
    """

    expression: pl.Expr
    kind: Kind | None
    clean: bool = True

    def cleaned(self) -> _Value:
        if self.clean:
            return self
        clean = filled if self.kind == "text" else finite
        return _Value(clean(self.expression), self.kind)

    def to(self, kind: Kind) -> _Value:
        """The value in a kind that it can have: a truth is 1 or 0, a number is true but for 0."""
        if self.kind == kind:
            return self
        if self.kind is None:
            return _Value(pl.lit(None, _DTYPES[kind]), kind)
        if kind == "number":
            return _Value(self.expression.cast(pl.Float64), kind)
        if kind == "truth":
            return _Value(self.cleaned().expression != 0, kind)
        value = self.to("number").cleaned().expression  # the text that it has as an id
        text = bound({"value": value}, lambda value: canonical(value, pl.Float64(), "value"))
        return _Value(text, kind)


_MISSING = _Value(pl.lit(None), None)


def compiled(
    tree: Node, readings: Mapping[str, Reading], dtypes: Mapping[str, pl.DataType]
) -> pl.Expr:
    """Float64 or String (Int64 where integers are only chosen from), null where missing.

    Raises:
        SchemaError: a column's dtype does not fit how it is read.
    """
    columns = {}
    for name, reading in readings.items():
        alike = [dtypes[other] for other, its in readings.items() if its.group == reading.group]
        columns[name] = _column(name, dtypes[name], reading, alike)
    value = _value(tree, columns).cleaned()
    result = value if value.kind == "text" else value.to("number")
    # Polars knows that fill(1, x) is 1, and would give one row; beside a column there are as many.
    rows = pl.col(next(iter(readings))).is_null()
    return bound({"value": result.expression, "rows": rows}, lambda value, rows: value)  # noqa: ARG005


def _is_whole(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype in (pl.Boolean, pl.Null)


def _column(name: str, dtype: pl.DataType, reading: Reading, alike: list[pl.DataType]) -> _Value:
    """`alike`: dtypes of the columns that are of its kind."""
    if reading.kind == "text" or (reading.kind is None and not all(map(is_number, alike))):
        return _Value(canonical(pl.col(name), dtype, name), "text")
    if reading.kind is None and all(map(_is_whole, alike)):  # ids stay exact
        wide = any(one in (pl.UInt64, pl.UInt128, pl.Int128) for one in alike)
        return _Value(pl.col(name).cast(pl.Int128 if wide else pl.Int64, strict=False), "number")
    return _Value(number(pl.col(name), dtype, name), "number")


def _value(node: Node, columns: Mapping[str, _Value]) -> _Value:
    match node:
        case Constant(None):
            return _MISSING
        case Constant(str(text)):
            return _Value(pl.lit(text, pl.String), "text")
        case Constant(constant):
            return _Value(pl.lit(constant, pl.Float64), "number")
        case Column(name):
            return columns[name]
        case Chain(operators, operands):
            values = [_value(one, columns) for one in operands]
            kind = _common(values)
            clean = tuple(one.to(kind).cleaned().expression for one in values)
            return _Value(compared(operators, clean), "truth")
        case Call():
            return _call(node, columns)


def _common(values: Iterable[_Value]) -> Kind:
    """The kind that all of them can have: they are texts, or numbers, or missing."""
    return "text" if any(one.kind == "text" for one in values) else "number"


def _call(node: Call, columns: Mapping[str, _Value]) -> _Value:
    function = FUNCTIONS.get(node.name) or OPERATORS[node.name]
    takes = [function.parameter(index) for index in range(len(node.arguments))]
    values = [
        argument.value
        if take in CONSTANTS and isinstance(argument, Constant)
        else _value(argument, columns)
        for take, argument in zip(takes, node.arguments, strict=True)
    ]
    pairs = list(zip(takes, values, strict=True))
    same = _common(one for take, one in pairs if take == "same" and isinstance(one, _Value))
    kinds: dict[Takes, Kind] = {
        "number": "number", "truth": "truth", "text": "text", "written": "text", "same": same,
    }  # fmt: skip
    given: list[Any] = []
    clean = function.clean
    for index, (take, one) in enumerate(pairs):
        if not isinstance(one, _Value):
            given.append(one)
            continue
        fitted = one.to(kinds[take]) if take in kinds else one
        if index >= function.passes:
            fitted = fitted.cleaned()
        clean = clean and fitted.clean
        given.append(fitted.expression)
    kind = same if function.gives == "same" else function.gives
    return _Value(function.build(*given), kind, clean)
