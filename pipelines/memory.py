"""Memory that is freed goes back to the system."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_LEAST, _MOST = 4_000_000, 1 << 25  # bytes


@contextmanager
def given_back() -> Iterator[None]:
    """Within, the process keeps no array of 4 MB or more once it is freed.

    The C library of Linux comes to keep, for the next to ask, whatever is below 32 MB, by thread:
    hundreds of MB where chunks of a log come and go. After, it keeps them again, since fresh
    memory would slow down training. Elsewhere nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        yield
        return
    mallopt(_MMAP_THRESHOLD, _LEAST)
    try:
        yield
    finally:
        mallopt(_MMAP_THRESHOLD, _MOST)
        mallopt(_TRIM_THRESHOLD, 2 * _MOST)
