"""The known kinds of derived columns, by the `type` that declares them, and how they follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Annotated

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
    derived = tuple(derived)
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
    ordered: list[Derived] = []
    while graph.is_active():
        ready = graph.get_ready()
        ordered += [one for one in derived if one.name in ready]
        graph.done(*ready)
    return tuple(ordered)
