import gc
import threading
import time
from collections.abc import Generator

import pytest

from features.dataset.prefetch import prefetch


class Numbers:
    """Counts to `end`, then fails if told to; knows how far it came and whether it was closed."""

    def __init__(self, end: int, error: BaseException | None = None) -> None:
        self.end, self.error = end, error
        self.made, self.closed = 0, False

    def __call__(self) -> Generator[int]:
        try:
            for number in range(self.end):
                self.made += 1
                yield number
            if self.error is not None:
                raise self.error
        finally:
            self.closed = True


def threads() -> int:
    return sum(one.name == "prefetch" for one in threading.enumerate())


@pytest.mark.parametrize("depth", [1, 2, 50])
@pytest.mark.parametrize("end", [0, 1, 20])
def test_the_same_items_come_in_order(depth: int, end: int) -> None:
    numbers = Numbers(end)
    assert list(prefetch(numbers(), depth)) == list(range(end))
    assert numbers.closed
    assert threads() == 0


@pytest.mark.parametrize("error", [ValueError("bad row"), KeyboardInterrupt(), MemoryError()])
def test_what_goes_wrong_is_raised_after_the_items_before_it(error: BaseException) -> None:
    found: list[int] = []
    with pytest.raises(type(error)) as caught:
        found.extend(prefetch(Numbers(3, error)(), 2))
    assert caught.value is error
    assert found == [0, 1, 2]
    assert threads() == 0


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_a_consumer_that_stops_leaves_no_thread(taken: int) -> None:
    numbers = Numbers(10**9)
    items = prefetch(numbers(), 3)
    assert [next(items) for _ in range(taken)] == list(range(taken))
    items.close()
    assert threads() == 0
    assert numbers.closed == (taken > 0)
    assert numbers.made <= taken + 3 + 2


def test_a_forgotten_consumer_leaves_no_thread() -> None:
    items = prefetch(Numbers(10**9)(), 3)
    assert next(items) == 0
    assert threads() == 1
    del items
    gc.collect()
    assert threads() == 0


def test_no_more_than_the_depth_waits() -> None:
    numbers = Numbers(1000)
    items = prefetch(numbers(), 4)
    for taken in range(1, 50):
        next(items)
        if taken % 10 == 0:
            time.sleep(0.01)  # time to run too far ahead
        assert numbers.made <= taken + 4 + 1  # and the one in hand
    items.close()


def test_many_stops_at_any_moment() -> None:
    for taken in range(200):
        items = prefetch(Numbers(taken + 1)(), 1 + taken % 3)
        for _ in range(taken % 7):
            next(items, None)
        items.close()
    assert threads() == 0
