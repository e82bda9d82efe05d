"""Ctrl-C that no library can swallow: some imports and callbacks catch every exception."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_PRESSED = False


@contextmanager
def heard() -> Iterator[None]:
    """Remember Ctrl-C during the block, and raise KeyboardInterrupt for whatever became of it."""
    global _PRESSED
    _PRESSED = False
    before = signal.signal(signal.SIGINT, _remember)
    try:
        yield
    except Exception:
        check()  # an interrupted import fails in any way
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def _remember(number: int, frame: FrameType | None) -> None:
    global _PRESSED
    _PRESSED = True
    signal.default_int_handler(number, frame)


def check() -> None:
    """Raise KeyboardInterrupt where Ctrl-C was pressed and went unnoticed."""
    if _PRESSED:
        raise KeyboardInterrupt
