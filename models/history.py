"""Which id field a sequence is the history of."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from features.errors import ConfigError
from features.layout import Layout
from features.suggest import listing, nearest


class Pair(BaseModel):
    """The id field of an item, and the sequence or id field of what it is held against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str
    user: str


def pairs_of(layout: Layout, declared: Sequence[Pair] | None) -> list[Pair]:
    """Those declared, or each sequence with the first id field of its vocabulary.

    Raises ConfigError where one names no such field.
    """
    if declared is None:
        items = {one.vocabulary: one.name for one in reversed(layout.ids)}
        found = [(one, items.get(one.vocabulary)) for one in layout.sequences]
        return [Pair(item=item, user=one.name) for one, item in found if item is not None]
    ids = [one.name for one in layout.ids]
    users = [*ids, *(one.name for one in layout.sequences)]
    for pair in declared:
        for role, name, known in (("item", pair.item, ids), ("user", pair.user, users)):
            if name not in known:
                raise ConfigError(
                    f"`{role}` of a pair must be a feature of ids; '{name}' is none of "
                    f"{listing(known)}.{nearest(name, known)}"
                )
    return list(declared)
