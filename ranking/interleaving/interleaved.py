"""Interleaved: a list made of several rankings, and whom a click on each row credits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from features.errors import DataError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Interleaved:
    """What to show, and what to log beside it.

    items: (rows,) from the top. teams: int64 (rows,) the ranking that placed each. credit: float64
    (rows, rankings) what a click on the row gives to each ranking; each row adds up to 1.
    """

    items: npt.NDArray[Any]
    teams: npt.NDArray[np.int64]
    credit: Floats


def generator(seed: int, request: str) -> np.random.Generator:
    """The same numbers for the same request, on any machine: a repeated request shows one list."""
    return np.random.default_rng([seed, xxhash.xxh3_64_intdigest(request.encode())])


def as_rankings(rankings: list[npt.ArrayLike], depth: int | None) -> tuple[list[list[Any]], int]:
    """The rankings as lists of items, and how long the mixture is.

    By default it is as long as the shortest ranking: all that each of them would have shown.

    Raises:
        DataError: fewer than two rankings, an empty one, an item twice in one, or no depth.
    """
    lists = [np.asarray(ranking).tolist() for ranking in rankings]
    if len(lists) < 2:
        raise DataError(f"Interleaving needs two rankings or more; got {len(lists)}.")
    for number, items in enumerate(lists):
        if not items or len(set(items)) < len(items):
            raise DataError(
                f"A ranking must hold each item once, and at least one; ranking {number} holds "
                f"{len(items)} items, {len(set(items))} of them distinct. Remove duplicates."
            )
    wanted = min(map(len, lists)) if depth is None else depth
    if wanted < 1:
        raise DataError(f"An interleaved list must show at least one row; got depth {depth}.")
    return lists, min(wanted, len(set().union(*lists)))
