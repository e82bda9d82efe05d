"""Configurations with some of their values changed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features.errors import ConfigError
from features.suggest import listing
from pipelines.config import check_config
from pipelines.tune.config import Axis

SEARCHED = ("model", "train", "ranker", "features", "derived", "data.negatives")
# What trials could not be compared over: the measure, and luck.
_FIXED = ("train.monitor", "train.seed", "ranker.seed")


def changed(document: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the document with each `a.b.0.c` of `values` set; a number counts a list from 0.

    Raises ConfigError for a key that leads through a value, or past the end of a list.
    """
    whole = copy.deepcopy(dict(document))
    for key, value in values.items():
        *parents, last = key.split(".")
        target: Any = whole
        for parent in parents:
            target = _inside(target, parent, key)
        place = _place(target, last, key)
        target[place] = copy.deepcopy(value)
    return whole


def current(document: Mapping[str, Any], key: str) -> Any:
    """What stands at a key of a document. Raises KeyError where nothing does."""
    target: Any = document
    for part in key.split("."):
        try:
            target = target[int(part) if isinstance(target, list | tuple) else part]
        except (TypeError, ValueError, IndexError):
            raise KeyError(key) from None
    return target


def check_space(document: Mapping[str, Any], base: Path, space: Mapping[str, Axis]) -> None:
    """Raises ConfigError for a key that is not searched, or a value that does not fit the rest."""
    for key, axis in space.items():
        if not any(key == root or key.startswith(f"{root}.") for root in SEARCHED):
            raise ConfigError(
                f"tune.space may hold keys of {listing(SEARCHED)}; got '{key}', which says what "
                "is measured, or where."
            )
        inside = [other for other in space if other.startswith(f"{key}.")]
        if inside:
            raise ConfigError(
                f"tune.space must not hold both '{key}' and '{inside[0]}', which is a part of it. "
                "Remove one of them."
            )
        if key in _FIXED:
            raise ConfigError(
                f"tune.space must not hold '{key}': trials are compared at the same one. "
                "Use tune.monitor, and tune.seeds for the spread over seeds."
            )
        for value in axis.ends:
            try:
                check_config(changed(document, {key: value}), base)
            except ConfigError as error:
                raise ConfigError(f"tune.space, {key} = {value!r}: {error}") from error


def _inside(target: Any, part: str, key: str) -> Any:
    place = _place(target, part, key)
    return target.setdefault(place, {}) if isinstance(target, dict) else target[place]


def _place(target: Any, part: str, key: str) -> Any:
    if isinstance(target, dict):
        return part
    if isinstance(target, list):
        if part.isdecimal() and int(part) < len(target):
            return int(part)
        raise ConfigError(
            f"'{key}' must name one of {len(target)} list items, 0 to {len(target) - 1}; "
            f"got '{part}'."
        )
    raise ConfigError(f"'{key}' must lead to a key of the configuration; '{part}' is in a value.")
