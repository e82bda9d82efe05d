"""The known kinds of derived columns, by the `type` that declares them, and how they follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Annotated

import polars as pl
from pydantic import Field

from features.derived.age import Age
from features.derived.cross import Cross
from features.derived.derived import Derived
from features.derived.embedding import Embedding
from features.derived.expression import Expression
from features.derived.gaps import Gaps
from features.derived.lookup import Lookup
from features.derived.member import Member
from features.derived.overlap import Overlap
from features.derived.time import Time
from features.derived.tokens import Tokens
from features.errors import SchemaError
from features.suggest import listing

AnyDerived = Annotated[
    Age | Cross | Embedding | Expression | Gaps | Lookup | Member | Overlap | Time | Tokens,
    Field(discriminator="type"),
]


def order(derived: Iterable[Derived]) -> tuple[Derived, ...]:
    """Those that read others after them.

    Raises:
        ValueError: two have the same name, or some read each other in a circle.
    """
    return tuple(one for wave in _waves(tuple(derived)) for one in wave)


@lru_cache(maxsize=64)
def _waves(derived: tuple[Derived, ...]) -> tuple[tuple[Derived, ...], ...]:
    """Each reads only raw columns and what the waves before it gave."""
    named = {one.name: one for one in derived}
    if len(named) < len(derived):
        names = Counter(one.name for one in derived)
        twice = [name for name, count in names.items() if count > 1]
        raise ValueError(f"derived columns must differ in name; {listing(twice)} came twice")
    graph = TopologicalSorter(
        {one.name: [column for column in one.inputs if column in named] for one in derived}
    )
    try:
        graph.prepare()
    except CycleError as error:
        circle = " <- ".join(f"'{name}'" for name in error.args[1])
        raise ValueError(
            f"derived columns must not read themselves in a circle; {circle} do. Rename one, or "
            "read a raw column"
        ) from None
    waves = []
    while graph.is_active():
        ready = graph.get_ready()
        waves.append(tuple(one for one in derived if one.name in ready))
        graph.done(*ready)
    return tuple(waves)


def with_derived(frame: pl.DataFrame, derived: Iterable[Derived]) -> pl.DataFrame:
    """The frame with the derived columns whose inputs it holds, or gains on the way.

    A derived column replaces the raw one of its name. One whose inputs are not there is left out.

    Raises:
        SchemaError: a column cannot be read as the declaration says.
    """
    for wave in _waves(tuple(derived)):
        ready = [one for one in wave if frame.schema.keys() >= one.wants.keys()]
        if ready:
            frame = frame.with_columns(_computed(frame, ready).get_columns())
    return frame


def _computed(frame: pl.DataFrame, ready: list[Derived]) -> pl.DataFrame:
    try:
        expressions = _expressions(frame, ready)
    except SchemaError:  # the type of a column that holds no value was its reader's guess
        empty = [column.name for column in frame if column.null_count() == frame.height]
        frame = frame.with_columns(pl.lit(None).alias(name) for name in empty)
        expressions = _expressions(frame, ready)
    try:
        return frame.select(expressions)
    except pl.exceptions.PolarsError as error:
        names = listing(one.name for one in ready)
        raise SchemaError(f"The columns {names} could not be derived: {error}") from error


def _expressions(frame: pl.DataFrame, ready: list[Derived]) -> list[pl.Expr]:
    schema = frame.schema
    return [_expression(one, tuple(schema[column] for column in one.inputs)) for one in ready]


@lru_cache(maxsize=1_024)  # a client could send endless combinations of dtypes
def _expression(one: Derived, dtypes: tuple[pl.DataType, ...]) -> pl.Expr:
    return one.expression(dict(zip(one.inputs, dtypes, strict=True))).alias(one.name)
