"""What a check computes for a column of one type."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from features.checks.check import Check, Rule
from features.checks.kinds import Reading, absent, read
from features.transforms.text import canonical


@dataclass(frozen=True, eq=False)
class Plan:
    """Expressions over raw frames whose column has this type.

    value: what the column becomes. broken: Boolean by rule, null or false where it holds.
    missing: Boolean, whether a value is missing once the check was applied; None where no
    `max_null_rate` is declared.
    """

    value: pl.Expr
    broken: dict[Rule, pl.Expr]
    missing: pl.Expr | None

    @property
    def expressions(self) -> list[pl.Expr]:
        last = [] if self.missing is None else [self.missing]
        return [self.value, *self.broken.values(), *last]

    @classmethod
    def of(cls, check: Check, dtype: pl.DataType) -> Plan:
        """Raises SchemaError where values of this type have no text to compare."""
        reading = read(check.kind, check.column, dtype)
        broken = _broken(check, reading)
        value = _mended(check, reading, broken)
        counted = check.max_null_rate is not None
        return cls(
            value=value,
            broken=broken,
            missing=absent(value, reading.dtype) if counted else None,
        )


def _broken(check: Check, reading: Reading) -> dict[Rule, pl.Expr]:
    value, dtype = reading.value, reading.dtype
    broken: dict[Rule, pl.Expr] = {}
    if reading.wrong is not None:
        broken["kind"] = reading.wrong
    if check.min is not None:
        broken["min"] = value < pl.lit(check.min, dtype)
    if check.max is not None:
        broken["max"] = value > pl.lit(check.max, dtype)
    if check.allowed is not None:
        broken["allowed"] = ~canonical(value, dtype, check.column).is_in(check.texts.implode())
    if check.max_length is not None:
        length = canonical(value, dtype, check.column).str.len_chars()
        broken["max_length"] = length > check.max_length
    return broken


def _mended(check: Check, reading: Reading, broken: dict[Rule, pl.Expr]) -> pl.Expr:
    value, dtype = reading.value, reading.dtype
    if check.on_violation == "null" and broken:
        return pl.when(pl.any_horizontal(*broken.values())).then(None).otherwise(value)
    if check.on_violation == "clip":
        lower, upper = (
            None if bound is None else pl.lit(bound, dtype) for bound in (check.min, check.max)
        )
        return value.clip(lower, upper)
    return value
