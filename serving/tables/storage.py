"""Storage: how a weight is kept."""

from __future__ import annotations

from typing import Literal, get_args

Storage = Literal[
    "float32",
    "float16",
    "bfloat16",
    "int8",
    "int8_affine",
    "int4",
    "int4_affine",
    "int2",
    "int2_affine",
]
STORAGES: tuple[Storage, ...] = get_args(Storage)
_FLOATS: dict[Storage, int] = {"float32": 32, "float16": 16, "bfloat16": 16}


def bits(storage: Storage) -> int:
    """Of a weight, the header of its row apart."""
    return _FLOATS.get(storage) or int(storage[3])


def is_affine(storage: Storage) -> bool:
    """Whether rows have an offset beside their scale."""
    return storage.endswith("_affine")


def is_coded(storage: Storage) -> bool:
    """Whether weights are small integers under a header a row."""
    return storage not in _FLOATS


def row_bytes(storage: Storage, dim: int) -> int:
    """Bytes of a row, its float16 header included."""
    whole = -(-dim * bits(storage) // 8)
    return whole + (2 + 2 * is_affine(storage)) * is_coded(storage)
