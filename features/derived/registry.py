"""The known kinds of derived columns, by the `type` that declares them, and how they follow."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Annotated

from pydantic import Field

from features.derived.age import Age
from features.derived.cross import Cross
from features.derived.derived import Derived
from features.derived.expression import Expression
from features.derived.gaps import Gaps
from features.derived.lookup import Lookup
from features.derived.member import Member
from features.derived.overlap import Overlap
from features.derived.time import Time
from features.derived.tokens import Tokens

AnyDerived = Annotated[
    Age | Cross | Expression | Gaps | Lookup | Member | Overlap | Time | Tokens,
    Field(discriminator="type"),
]


def order(derived: Iterable[Derived]) -> tuple[Derived, ...]:
    """Those that read others after them, else as declared.

    Raises:
        ValueError: two have the same name, or some read each other in a circle.
    """
    named: dict[str, Derived] = {}
    for one in derived:
        if one.name in named:
            raise ValueError(f"derived columns must differ in name; '{one.name}' came twice")
        named[one.name] = one
    graph = {
        name: [column for column in one.inputs if column in named] for name, one in named.items()
    }
    try:
        return tuple(named[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " -> ".join(f"'{name}'" for name in reversed(error.args[1]))
        raise ValueError(
            f"derived columns must not read themselves in a circle; {circle} do; rename one, or "
            "read a raw column"
        ) from None
