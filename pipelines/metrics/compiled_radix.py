"""ascending: sorting by radix compiled by numba, for rows enough to pay for the import."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]

_DIGIT = 11  # bits: so many places to write to stay in the first caches


@njit(cache=True, nogil=True)
def ascending(keys: Array, order: Array, bits: int) -> Array:
    """The rows (rows,) by unsigned key (rows,) of so many bits, equal ones as in `order`."""
    rows = keys.size
    held, other_held = keys[order], np.empty_like(keys)
    order, other_order = order.copy(), np.empty_like(order)
    mask = keys.dtype.type((1 << _DIGIT) - 1)
    for digit in range(0, bits, _DIGIT):
        shift = keys.dtype.type(digit)
        place = np.zeros((1 << _DIGIT) + 1, np.int64)
        for row in range(rows):
            place[((held[row] >> shift) & mask) + 1] += 1
        place = np.cumsum(place)
        for row in range(rows):
            value = (held[row] >> shift) & mask
            to = place[value]
            place[value] += 1
            other_held[to] = held[row]
            other_order[to] = order[row]
        held, other_held = other_held, held
        order, other_order = other_order, order
    return order
