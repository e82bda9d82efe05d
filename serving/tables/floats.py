"""Tables of floating-point numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from serving.tables.stored import Floats, StoredTable


class FloatTable(StoredTable):
    """float32 or float16 (rows, dim)."""

    def __init__(self, weights: npt.NDArray[np.floating]) -> None:
        self._weights = weights
        self.rows, self.dim = weights.shape

    def gather(self, rows: npt.NDArray[np.int32]) -> Floats:
        return self._weights[rows].astype(np.float32, copy=False)


class BFloat16Table(StoredTable):
    """The upper halves uint16 (rows, dim) of float32 numbers."""

    def __init__(self, bits: npt.NDArray[np.uint16]) -> None:
        self._bits = bits
        self.rows, self.dim = bits.shape

    def gather(self, rows: npt.NDArray[np.int32]) -> Floats:
        return (self._bits[rows].astype(np.uint32) << np.uint32(16)).view(np.float32)


def bfloat16_bits(weights: Floats) -> npt.NDArray[np.uint16]:
    """uint16 (...) of finite weights (...), rounded to the nearest, ties to even."""
    bits = np.ascontiguousarray(weights).view(np.uint32)
    even = (bits >> np.uint32(16)) & np.uint32(1)
    return ((bits + np.uint32(0x7FFF) + even) >> np.uint32(16)).astype(np.uint16)
