"""Kernels: functions over arrays that numba compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

Kernel = Callable[..., Any]

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


@intrinsic
def fetch_ahead(_: Any, table: Any, rows: Any, at: Any, width: Any) -> Any:  # noqa: ARG001
    """fetch_ahead(table, rows, at, width): have a row on its way to the processor that is soon
    needed, the one `_AHEAD` after rows[at], of which the kernel reads `width` numbers.

    It changes no result; waiting for rows is most of the time that they take. In the compiler's
    own terms, since a call in Python's would count references to the arrays.
    """

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        held, wanted = (
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(signature.args[:2], values[:2], strict=True)
        )
        number, place = ir.IntType(32), values[2].type
        last = builder.sub(wanted.nitems, place(1))
        ahead = builder.add(values[2], place(_AHEAD))
        ahead = builder.select(builder.icmp_signed("<", ahead, wanted.nitems), ahead, last)
        row = builder.sext(builder.load(builder.gep(wanted.data, [ahead])), place)
        start = builder.mul(row, cgutils.unpack_tuple(builder, held.shape)[1])
        lines = builder.sdiv(builder.add(values[3], place(_LINE - 1)), place(_LINE))
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        with cgutils.for_range(builder, lines) as line:
            column = builder.add(start, builder.mul(line.index, place(_LINE)))
            pointer = builder.bitcast(builder.gep(held.data, [column]), cgutils.voidptr_t)
            # To be read, into the nearest cache, as data.
            builder.call(prefetch, [pointer, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(table, rows, types.int64, types.int64), build
