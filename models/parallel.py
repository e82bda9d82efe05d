"""Kernels on every core, by threads that stay."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache, partial
from itertools import pairwise
from typing import TypeVar

from features.cores import mine

T = TypeVar("T")
_LEAST = 2048  # rows that are worth waking a thread for


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(len(mine()), thread_name_prefix="kernel")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not come along


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What each of them returns, in order; one may itself ask for others."""
    if len(calls) < 2 or len(mine()) == 1:
        return [call() for call in calls]
    first, *rest = calls
    waiting = [_pool().submit(call) for call in rest]
    try:
        found = [first()]
        # What no thread has begun is done here, so that nobody waits for a thread that waits.
        pairs = zip(waiting, rest, strict=True)
        return found + [call() if one.cancel() else one.result() for one, call in pairs]
    finally:  # nor does anything go on behind an error
        wait([one for one in waiting if not one.cancel()])


def in_parts(work: Callable[[slice], object], rows: int) -> None:
    """`work` of all rows, cut into a stretch a core. Rows must not depend on one another."""
    parts = max(1, min(len(mine()), rows // _LEAST))
    cuts = [rows * i // parts for i in range(parts + 1)]
    at_once([partial(work, slice(*ends)) for ends in pairwise(cuts)])
