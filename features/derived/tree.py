"""The tree that an expression is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, or None, which is missing. `at`: where it begins in the text."""

    value: float | str | None
    at: int
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    at: int
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator applied; a sign is "unary -"."""

    name: str
    arguments: tuple[Node, ...]
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Comparisons that must all hold: each operator stands between two neighbours."""

    operators: tuple[str, ...]
    operands: tuple[Node, ...]
    at: int
    depth: int


Node = Constant | Column | Call | Chain


def fault(text: str, at: int, message: str) -> ValueError:
    """The error about what stands at `at` of the text."""
    near = text[at : at + 20]
    where = f"character {at + 1} ({near!r})" if near.strip() else "the end"
    return ValueError(f"at {where}: {message}")
