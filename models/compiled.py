"""Kernels: functions over arrays that numba compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_AHEAD = 16  # rows: what memory takes to answer, over what a row takes to be worked on
_LINE = 16  # floats that a processor fetches at once


def compiled(function: Kernel) -> Kernel:
    """Compiled when first called, and kept on disk where there is a place for that.

    It runs without Python's lock, so that threads work at once, and divides as numpy does. A
    kernel must not call one of another file, since numba would not notice when that changes.
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        kernel: Kernel = njit(cache=True, **options)(function)
    except RuntimeError:  # neither beside the file nor in the user's cache
        kernel = njit(**options)(function)
    return kernel


def singles(*values: float) -> tuple[np.float32, ...]:
    """For kernels, whose other numbers are float32: beside a float64 they would become that."""
    return tuple(map(np.float32, values))


@intrinsic  # type: ignore[untyped-decorator]
def _fetch(_: Any, array: Any, place: Any) -> Any:
    """Ask for the cache line of the number at that place of a flat array; changes no result."""

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        pointer = builder.bitcast(builder.gep(data, [values[1]]), cgutils.voidptr_t)
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        read, keep, data_not_code = number(0), number(3), number(1)
        builder.call(prefetch, [pointer, read, keep, data_not_code])
        return context.get_dummy_value()

    return types.void(array, types.int64), build


@njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def fetch_ahead(table: Any, rows: Any, at: int, width: int) -> None:
    """Have the first `width` numbers of a row on their way that is soon needed, after rows[at].

    What a table's rows are waited for is most of the time that they take.
    """
    if at + _AHEAD < len(rows):
        start = np.int64(rows[at + _AHEAD]) * table.shape[1]
        for column in range(0, width, _LINE):
            _fetch(table, start + column)
