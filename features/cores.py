"""Work that Polars and numpy do without Python's lock, on every core."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def mine() -> list[int]:
    """The numbers of the cores that this process may use."""
    linux = sys.platform == "linux"
    return sorted(os.sched_getaffinity(0)) if linux else list(range(os.cpu_count() or 1))


def spread(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """`work` of each item, in order, as many at once as this process has cores."""
    with ThreadPoolExecutor(len(mine())) as pool:
        return list(pool.map(work, items))
