"""Rows to codes, with the scales that lose least."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from features.errors import BundleError
from serving.tables.codes import Codes, Halves, levels, packed
from serving.tables.stored import Floats

# Shares of a row's range that the codes may start from spanning; what lies outside is clipped.
_SHARES = np.array([1.0, 0.92, 0.84, 0.76, 0.68, 0.6, 0.5], np.float32)
_REFITS = 3


def quantize(weights: Floats, bits: int, affine: bool) -> tuple[Codes, Halves]:
    """Bytes uint8 (rows, ceil(dim * bits / 8)) and headers float16 (rows, 1 or 2) of finite
    weights (rows, dim), as `serving.tables.codes.CodedTable` reads them.

    Of each row, the scale (and offset) of the least squared error among some that span shares of
    its range, each fitted by least squares to the codes it gives, and these to it, in turns.

    Raises:
        BundleError: a weight is not finite, or too large for a float16 scale.
    """
    require_finite(weights, float(np.finfo(np.float16).max))
    codes = np.empty(weights.shape, np.uint8)
    headers = np.empty((len(weights), 2 if affine else 1), np.float16)
    found = np.empty((len(weights), 2), np.float32)
    center = np.float32(-levels(bits, affine)[0])
    least = 1 if bits == 8 and not affine else 0  # -128 has no counterpart
    shares = _SHARES if bits < 8 else _SHARES[:1]
    _fit(weights, center, least, (1 << bits) - 1, affine, shares, codes, found)
    headers[:] = found[:, : headers.shape[1]]
    return packed(codes, bits), headers


def require_finite(weights: Floats, limit: float) -> None:
    """Raise BundleError for a weight of rows (rows, dim) that is not finite or beyond a limit."""
    largest = np.abs(weights).max(axis=1, initial=0.0)
    bad = ~(largest <= limit)  # NaN too
    if bad.any():
        row = int(bad.argmax())
        raise BundleError(
            f"Weights must be finite and of at most {limit:g} to be stored so; a row reaches "
            f"{largest[row]}. Train again with lower learning rates."
        )


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fit(
    weights: Floats,
    center: Any,
    least: int,
    most: int,
    affine: bool,
    shares: Floats,
    codes: Codes,
    headers: Floats,
) -> None:
    for row in range(len(weights)):
        _fit_row(weights[row], center, least, most, affine, shares, codes[row], headers[row])


@njit(cache=True)  # type: ignore[untyped-decorator]
def _fit_row(
    weights: Floats,
    center: Any,
    least: int,
    most: int,
    affine: bool,
    shares: Floats,
    codes: Codes,
    header: npt.NDArray[np.float32],
) -> None:
    low, high = weights.min(), weights.max()
    middle = (low + high) / 2 if affine else np.float32(0)
    reach = (high - low) / 2 if affine else max(-low, high)
    best = np.float32(np.inf)
    trial = np.empty(len(weights), np.uint8)
    span = most - center if not affine else np.float32(most)
    for share in shares:
        scale = reach * share / span * (2 if affine else 1)
        offset = middle - reach * share if affine else np.float32(0)
        for _ in range(_REFITS):
            scale, offset = _half(scale), _half(offset)
            error = _encode(weights, scale, offset, center, least, most, trial)
            if error < best:
                best, header[0], header[1] = error, scale, offset
                codes[:] = trial
            if affine:
                scale, offset = _line(weights, trial, scale, offset)
            else:
                scale = _slope(weights, trial, center, scale)


@njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def _encode(
    weights: Floats, scale: Any, offset: Any, center: Any, least: int, most: int, codes: Codes
) -> Any:
    """The squared error of the codes that are nearest, which are written to `codes`."""
    error = np.float32(0)
    inverse = np.float32(1) / scale if scale > 0 else np.float32(0)
    shift = center - offset * inverse
    for i in range(len(weights)):
        code = np.rint(weights[i] * inverse + shift)
        code = min(max(code, np.float32(least)), np.float32(most))
        codes[i] = np.uint8(code)
        missed = (code - center) * scale + offset - weights[i]
        error += missed * missed
    return error


@njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def _slope(weights: Floats, codes: Codes, center: Any, scale: Any) -> Any:
    """The scale of the least squared error for these codes."""
    above, below = np.float32(0), np.float32(0)
    for i in range(len(weights)):
        level = np.float32(codes[i]) - center
        above += level * weights[i]
        below += level * level
    return above / below if below > 0 else scale


@njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def _line(weights: Floats, codes: Codes, scale: Any, offset: Any) -> Any:
    """The scale and offset of the least squared error for these codes."""
    many = np.float32(len(weights))
    code, weight = np.float32(0), np.float32(0)
    for i in range(len(weights)):
        code += np.float32(codes[i]) / many
        weight += weights[i] / many
    above, below = np.float32(0), np.float32(0)
    for i in range(len(weights)):
        level = np.float32(codes[i]) - code
        above += level * (weights[i] - weight)
        below += level * level
    if below == 0:
        return scale, offset
    return above / below, weight - above / below * code


@njit(cache=True)  # type: ignore[untyped-decorator]
def _half(value: Any) -> Any:
    """A float32 rounded to the nearest float16 (Veltkamp's splitting; below 2^-14, its steps)."""
    if abs(value) < np.float32(2.0**-14):
        return np.float32(np.rint(value * np.float32(2.0**24)) * np.float32(2.0**-24))
    split = value * np.float32(8193)
    return np.float32(split - (split - value))
