"""Declared features as those who take part in a score: alone, or in groups that come and go
together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.errors import ConfigError
from features.layout import Layout
from features.suggest import listing, nearest

Mask = npt.NDArray[np.bool_]


class Players:
    """Features by the name that they take part under, and how rows are mixed by them.

    Args:
        layout: of the rows; each of its fields is a declared feature.
        groups: names of features that stand for each other, by the name of their group; every
            other feature takes part alone.

    Raises:
        ConfigError: a group names what is no feature, or what is in another group.
    """

    def __init__(self, layout: Layout, groups: Mapping[str, Sequence[str]] | None = None) -> None:
        self._layout = layout
        features = [one.name for one in layout.fields]
        owner: dict[str, str] = {}
        for group, members in (groups or {}).items():
            _require(group, members, features, owner)
            owner |= dict.fromkeys(members, group)
        self._of = [owner.get(name, name) for name in features]
        self.names = tuple(dict.fromkeys(self._of))

    @cached_property
    def _columns(self) -> dict[str, int]:
        """By feature, the number of the player that it belongs to."""
        number = {name: i for i, name in enumerate(self.names)}
        pairs = zip(self._layout.fields, self._of, strict=True)
        return {field.name: number[player] for field, player in pairs}

    @cached_property
    def _ids(self) -> list[int]:
        return [self._columns[one.name] for one in self._layout.ids]

    @cached_property
    def numerics(self) -> list[int]:
        """By column of `Batch.numerics`, the number of its player."""
        return [self._columns[one.name] for one in self._layout.numerics for _ in one.parts]

    def number(self, feature: str) -> int:
        """Of the player that a feature belongs to."""
        return self._columns[feature]

    def mixed(self, own: Batch, other: Batch, given: Mask) -> Batch:
        """`own`, with what `other` has where a player is `given`: bool (rows or 1, players)."""
        return replace(
            own,
            ids=np.where(given[:, self._ids], other.ids, own.ids),
            numerics=np.where(given[:, self.numerics], other.numerics, own.numerics),
            sequences={
                name: np.where(given[:, [self._columns[name]]], other.sequences[name], values)
                for name, values in own.sequences.items()
            },
        )


def _require(
    group: str, members: Sequence[str], features: Sequence[str], owner: Mapping[str, str]
) -> None:
    for name in members:
        if name not in features:
            raise ConfigError(
                f"The group '{group}' must name features of {listing(features)}; got '{name}'."
                f"{nearest(name, features)}"
            )
        if name in owner:
            raise ConfigError(
                f"A feature must be in one group; '{name}' is in '{owner[name]}' and '{group}'."
            )
    if not members or (group in features and group not in members):
        raise ConfigError(
            f"The group '{group}' must have members, and a name that is no other feature's; "
            f"write NAME=feature,feature."
        )


def parse_groups(texts: Sequence[str]) -> dict[str, list[str]]:
    """`["item=item_id,item_category"]` as `{"item": ["item_id", "item_category"]}`.

    Raises ConfigError for anything else, or a group that came twice.
    """
    groups: dict[str, list[str]] = {}
    for text in texts:
        name, equals, members = text.partition("=")
        named = [one.strip() for one in members.split(",") if one.strip()]
        if not (name.strip() and equals and named) or name.strip() in groups:
            raise ConfigError(
                f"A group must look like item=item_id,item_category and come once; got '{text}'."
            )
        groups[name.strip()] = named
    return groups
