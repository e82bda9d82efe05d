"""Derived columns, added to raw ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from features.derived.derived import Derived
from features.derived.registry import order
from features.errors import SchemaError

Columns = Mapping[str, pl.Series]


def untyped(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with columns that hold no value as Null: their type was a reader's guess."""
    empty = [column.name for column in frame if column.null_count() == frame.height]
    return frame.with_columns(pl.lit(None).alias(name) for name in empty)


class Derivation:
    """The derived columns that some features need, prepared for raw columns of certain dtypes.

    Args:
        derived: in an order in which each comes after those it reads.
        wanted: the columns that features read.
        dtypes: of the raw columns.

    Raises:
        SchemaError: a column cannot be read as declared.
    """

    def __init__(
        self, derived: Sequence[Derived], wanted: Iterable[str], dtypes: Mapping[str, pl.DataType]
    ) -> None:
        needed = set(wanted)
        for one in reversed(derived):
            if one.name in needed:
                needed.update(one.inputs)
        made = [one for one in derived if one.name in needed]
        names = {one.name for one in made}
        self.raw = frozenset(column for one in made for column in one.inputs) - names
        self.dtypes = dict(dtypes)
        self._waves: list[list[pl.Expr]] = []
        wave_of: dict[str, int] = {}
        for one in made:
            wave = max((wave_of.get(column, -1) for column in one.inputs), default=-1) + 1
            wave_of[one.name] = wave
            expression = one.expression(self.dtypes).alias(one.name)
            empty = pl.DataFrame(schema={column: self.dtypes[column] for column in one.inputs})
            self.dtypes[one.name] = empty.lazy().select(expression).collect_schema()[one.name]
            if wave == len(self._waves):
                self._waves.append([])
            self._waves[wave].append(expression)

    def __call__(self, columns: Columns) -> Columns:
        """The columns with the derived ones."""
        if not self._waves:
            return columns
        frame = pl.DataFrame({name: columns[name] for name in self.raw})
        try:
            for wave in self._waves:
                frame = frame.with_columns(wave)
        except pl.exceptions.PolarsError as error:
            raise SchemaError(f"Columns could not be derived: {error}") from error
        return {**columns, **frame.to_dict()}


def with_derived(frame: pl.DataFrame, derived: Iterable[Derived]) -> pl.DataFrame:
    """The frame with derived columns, in whatever order they are declared. Raises SchemaError."""
    ordered = order(derived)
    names = [one.name for one in ordered]
    try:
        made = Derivation(ordered, names, frame.schema)(frame.to_dict())
    except SchemaError:
        known = untyped(frame)
        made = Derivation(ordered, names, known.schema)(known.to_dict())
    return frame.with_columns(made[name] for name in names)
