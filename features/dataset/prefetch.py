"""Work done ahead, in a thread of its own."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _Last:
    """What comes after the last item: the end, or the reason for it."""

    error: BaseException | None = None


def prefetch(items: Generator[T], depth: int) -> Generator[T]:
    """The same items, at most `depth` of them waiting to be asked for.

    What `items` raises is raised here. Once this generator has ended, was closed or is forgotten,
    its thread has ended too and `items` is closed.
    """
    ready: Queue[T | _Last] = Queue(depth)
    stopped = Event()
    # A daemon, so that a generator still held at exit keeps no process alive.
    maker = Thread(target=_make, args=(items, ready, stopped), name="prefetch", daemon=True)
    maker.start()
    try:
        while not isinstance(item := ready.get(), _Last):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        _drain(ready)  # the maker may wait for room: this makes it, for the one item it holds
        maker.join()


def _make(items: Generator[T], ready: Queue[T | _Last], stopped: Event) -> None:
    last = _Last()
    try:
        with closing(items):
            for item in items:
                ready.put(item)
                if stopped.is_set():
                    break
    except BaseException as error:
        last = _Last(error)
    if not stopped.is_set():
        ready.put(last)


def _drain(ready: Queue[T | _Last]) -> None:
    while True:
        try:
            ready.get_nowait()
        except Empty:
            return
