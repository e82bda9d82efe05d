"""Rows of small integers, with a scale a row."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from serving.tables.stored import Floats, StoredTable

Codes = npt.NDArray[np.uint8]
Halves = npt.NDArray[np.float16]


class CodedTable(StoredTable):
    """Codes of 8, 4 or 2 bits, and the header of each row.

    codes: uint8 (rows, ceil(dim * bits / 8)), the first of a byte in its lowest bits.
    headers: float16 (rows, 1), the scale, or (rows, 2), the scale and the offset.

    A weight is `level * scale`, with levels around 0, or `code * scale + offset`. Of 8 bits the
    levels are -127 to 127; of fewer they are the odd multiples of a half, so that none is
    wasted: -7.5, -6.5 ... 7.5, and -1.5, -.5, .5, 1.5.
    """

    def __init__(self, codes: Codes, headers: Halves, dim: int, bits: int) -> None:
        self._codes, self._headers = codes, headers
        self.rows, self.dim = len(codes), dim
        self._decoder = decoder(bits, affine=headers.shape[1] == 2)

    def gather(self, rows: npt.NDArray[np.int32]) -> Floats:
        found = self._levels(self._codes[rows])
        headers = self._headers[rows].astype(np.float32)
        found *= headers[..., :1]
        if headers.shape[-1] == 2:
            found += headers[..., 1:]
        return found

    def _levels(self, codes: Codes) -> Floats:
        """float32 (..., dim) of the bytes uint8 (..., bytes a row)."""
        if self._decoder.shape[1] == 1:  # a code a byte: plain arithmetic is twice as fast
            found = codes.astype(np.float32)
            found += self._decoder[0]
            return found
        whole: Floats = self._decoder[codes].reshape(*codes.shape[:-1], -1)
        return whole[..., : self.dim]


def levels(bits: int, affine: bool) -> Floats:
    """float32 (2 ** bits,): the level that each code stands for."""
    center = 0.0 if affine else 128.0 if bits == 8 else ((1 << bits) - 1) / 2
    return np.arange(1 << bits, dtype=np.float32) - np.float32(center)


@cache
def decoder(bits: int, affine: bool) -> Floats:
    """float32 (256, 8 / bits): the levels that a byte holds."""
    byte = np.arange(256, dtype=np.uint8)[:, None]
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    found: Floats = levels(bits, affine)[(byte >> shifts) & ((1 << bits) - 1)]
    found.flags.writeable = False
    return found


def packed(codes: Codes, bits: int) -> Codes:
    """Codes uint8 (rows, dim), each below 2 ** bits, as bytes (rows, ceil(dim * bits / 8))."""
    many = 8 // bits
    short = -codes.shape[1] % many
    whole = np.pad(codes, ((0, 0), (0, short))) if short else codes
    parts = whole.reshape(len(codes), -1, many)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    found: Codes = np.bitwise_or.reduce(parts << shifts, axis=2)
    return found
