"""A stable order by falling score, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[Any]

_RUN = 16  # runs this short sort faster by insertion


@njit(cache=True, nogil=True)
def _insertion(keys: Array, order: Array, first: int, last: int) -> None:
    for at in range(first + 1, last):
        one = order[at]
        key = keys[one]
        while at > first and keys[order[at - 1]] < key:
            order[at] = order[at - 1]
            at -= 1
        order[at] = one


@njit(cache=True, nogil=True)
def _merge(keys: Array, source: Array, into: Array, first: int, middle: int, last: int) -> None:
    left, right = first, middle
    for at in range(first, last):
        takes_left = left < middle and (
            right >= last or not keys[source[right]] > keys[source[left]]
        )
        if takes_left:
            into[at] = source[left]
            left += 1
        else:
            into[at] = source[right]
            right += 1


@njit(cache=True, nogil=True)
def sort_falling(keys: Array, order: Array, spare: Array, count: int) -> None:
    """Order the first `count` of `order` by falling `keys[order]`, ties as they stood.

    keys: (count,). order, spare: int64, of `count` or more; `spare` is overwritten.
    """
    for first in range(0, count, _RUN):
        _insertion(keys, order, first, min(first + _RUN, count))
    width = _RUN
    while width < count:
        for first in range(0, count, 2 * width):
            middle, last = min(first + width, count), min(first + 2 * width, count)
            _merge(keys, order, spare, first, middle, last)
        for at in range(count):
            order[at] = spare[at]
        width *= 2


def falling(keys: Array) -> npt.NDArray[np.int64]:
    """The stable order (rows,) of keys (rows,) from the highest to the lowest."""
    order = np.arange(len(keys), dtype=np.int64)
    sort_falling(keys, order, np.empty_like(order), len(keys))
    return order
