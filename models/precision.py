"""The number type that the dense network computes in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from models.keras import keras

Precision = Literal["float32", "bfloat16", "auto"]
_INSTRUCTIONS = ("avx512_bf16", "amx_bf16")  # products of bfloat16, in Linux' names


def chosen(precision: Precision) -> Literal["float32", "bfloat16"]:
    """`auto` is bfloat16 where the processor multiplies it."""
    if precision != "auto":
        return precision
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return "float32"
    return "bfloat16" if set(_INSTRUCTIONS) & set(flags) else "float32"


@contextmanager
def computing(precision: Literal["float32", "bfloat16"]) -> Iterator[None]:
    """Layers made in this block compute in it; their weights are float32."""
    before = keras.mixed_precision.global_policy()
    policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
    keras.mixed_precision.set_global_policy(policy)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)
