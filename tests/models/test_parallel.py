"""Work on several threads: everything once, nobody waits for ever."""

import time
from collections.abc import Callable
from functools import partial
from threading import Event

import numpy as np
import pytest

from models import parallel
from models.parallel import at_once, in_parts


@pytest.fixture(params=[1, 2, 3])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(parallel, "mine", lambda: list(range(request.param)))
    return int(request.param)


def test_results_come_in_order(cores: int) -> None:
    assert at_once([partial(int, str(i)) for i in range(20)]) == list(range(20))
    assert at_once(list[Callable[[], int]]()) == []


def test_work_that_asks_for_work_ends(cores: int) -> None:
    """Three deep and three wide: more waiting at once than there are threads."""

    def count(depth: int) -> int:
        return 1 if not depth else sum(at_once([partial(count, depth - 1)] * 3))

    assert count(3) == 27


@pytest.mark.parametrize("rows", [0, 1, 4095, 4096, 10_001])
def test_parts_are_all_rows_once(cores: int, rows: int) -> None:
    done, parts = np.zeros(rows, np.int64), list[slice]()

    def work(part: slice) -> None:
        parts.append(part)
        done[part] += 1

    in_parts(work, rows)
    assert (done == 1).all()
    assert len(parts) == (1 if rows < 4096 else min(cores, rows // 2048))


def test_what_is_raised_is_raised_here(cores: int) -> None:
    def refuse() -> int:
        raise ValueError("refused")

    begun, done = Event(), list[int]()

    def refuse_later() -> int:
        begun.wait()
        return refuse()

    def slowly() -> int:
        begun.set()
        time.sleep(0.05)
        done.append(1)
        return 0

    if cores > 1:
        with pytest.raises(ValueError, match="refused"):
            at_once([refuse_later, slowly])
        assert done == [1]  # it ended before the error was raised
    for calls in ([refuse, int], [int, refuse]):
        with pytest.raises(ValueError, match="refused"):
            at_once(calls)
