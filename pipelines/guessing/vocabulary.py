"""Whose values the elements of a list are."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from features.transforms.text import canonical
from pipelines.guessing import words
from pipelines.guessing.column import Column

_ENOUGH = 0.25  # overlap from which on two columns name the same things


def shared_vocabulary(lists: Column, ids: Sequence[Column]) -> str | None:
    """The id column whose values overlap most with the elements of `lists`, if they do."""
    elements = lists.elements(lists.separator).unique()
    overlaps = {one.name: _overlap(elements, one, lists) for one in ids if _may_own(one.name)}
    best = max(overlaps, key=lambda name: overlaps[name], default=None)
    return best if best is not None and overlaps[best] >= _ENOUGH else None


def _may_own(name: str) -> bool:
    # An empty name cannot be referred to, and histories are of things, not of users.
    return bool(name) and not words.is_user(name)


def _overlap(elements: pl.Series, owner: Column, lists: Column) -> float:
    texts = canonical(pl.col(owner.name), owner.values.dtype, owner.name)
    values = owner.values.to_frame().select(texts).to_series().drop_nulls().unique()
    common = int(elements.is_in(values.implode()).sum())
    if lists.kind == "list" and not _texts(lists):
        # Numbers of different things coincide, so there must be as many of them too.
        return common / max(len(elements) + len(values) - common, 1)
    return common / max(len(elements), 1)


def _texts(lists: Column) -> bool:
    inner = getattr(lists.values.dtype, "inner", None)
    return isinstance(inner, pl.String | pl.Categorical | pl.Enum)
