"""Queries in memory, whose rows tell their own number."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.batch import Batch
from features.dataset import epoch as module
from features.dataset.epoch import Unit
from features.dataset.loader import load, packed
from features.dataset.query_epoch import QueryEpoch, ranges

Parts = list[int]


class Log:
    """Queries of these sizes in parts of about so many rows; `read` tells what it was asked for."""

    def __init__(self, sizes: list[int], part: int) -> None:
        self.sizes = np.array(sizes, np.int32)
        self.total = sum(sizes)
        starts = range(0, self.total, part)
        self.parts = {f"p{start}": min(part, self.total - start) for start in starts}
        self.query = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        self.read: list[Unit] = []

    def __call__(self, unit: Unit) -> Batch:
        self.read.append(unit)
        start = int(unit.part[1:]) + unit.start
        rows = np.arange(start, start + unit.rows, dtype=np.int32)
        return Batch(
            ids=rows[:, None],
            numerics=np.empty((unit.rows, 0), np.float32),
            query=self.query[start : start + unit.rows],
        )

    def epoch(self, seed: int, window: int) -> QueryEpoch:
        return QueryEpoch(self.parts, self.sizes, seed, window)

    def batches(self, size: int, seed: int, window: int, skip: int = 0) -> list[list[int]]:
        epoch = self.epoch(seed, window)
        found = []
        for batch in load(epoch, self, packed(epoch.ordered, size), skip):
            rows = batch.ids[:, 0]
            assert np.array_equal(batch.query, self.query[rows])
            found.append(rows.tolist())
        return found

    def queries(self, batch: list[int]) -> list[int]:
        """The queries of a batch, once each was found whole and its rows in their own order."""
        found = list(dict.fromkeys(self.query[batch].tolist()))
        assert np.array_equal(batch, np.concatenate([np.where(self.query == q)[0] for q in found]))
        return found


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNIT", 4)


@example([9, 1], 5, 3, 0, 2, 1)  # a query that is longer than a unit, a part, a batch, the window
@example([], 5, 3, 0, 2, 1)
@settings(deadline=None)
@given(
    st.lists(st.integers(1, 9), max_size=40),
    st.integers(1, 60),
    st.integers(1, 30),
    st.integers(0, 99),
    st.integers(2, 200),
    st.integers(0),
)
def test_whole_queries_come_once_and_a_resumed_epoch_is_the_tail(
    sizes: list[int], part: int, size: int, seed: int, window: int, skip: int
) -> None:
    log = Log(sizes, part)
    whole = log.batches(size, seed, window)
    queries = [log.queries(batch) for batch in whole]
    assert sorted(one for some in queries for one in some) == list(range(len(sizes)))
    assert all(
        len(batch) <= size or len(some) == 1 for batch, some in zip(whole, queries, strict=True)
    )
    skip %= len(whole) + 2
    assert log.batches(size, seed, window, skip) == whole[skip:]


def test_a_resumed_epoch_reads_only_what_it_gives_and_two_rounds() -> None:
    log = Log([3, 7] * 100, part=60)
    whole = log.batches(20, 3, window=100)
    for skip in (0, 20, len(whole) - 3):
        log.read = []
        assert log.batches(20, 3, 100, skip) == whole[skip:]
        left = sum(map(len, whole[skip:]))
        assert sum(unit.rows for unit in log.read) <= left + 2 * (50 + 4 + 7)


def test_memory_is_bounded_by_two_rounds() -> None:
    """However many rows there are: read but not yet given."""
    for queries in (200, 2000):
        log = Log([3, 7] * (queries // 2), part=999)
        epoch = log.epoch(0, window=200)
        given_rows = 0
        for batch in load(epoch, log, packed(epoch.ordered, 10)):
            given_rows += batch.rows
            assert sum(unit.rows for unit in log.read) - given_rows <= 2 * (100 + 4 + 7)
        assert given_rows == sum(unit.rows for unit in log.read) == log.total


def test_few_queries_are_shuffled_evenly() -> None:
    log = Log([1, 2, 3, 4], part=100)
    counts = Counter(tuple(log.queries(log.batches(10, seed, 20)[0])) for seed in range(2400))
    assert len(counts) == 24  # every order of four queries, each expected 100 times
    assert sum((count - 100) ** 2 / 100 for count in counts.values()) < 49.7  # chi2 .999, 23 df


def test_a_batch_mixes_places_of_the_whole_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNIT", 50)
    log = Log([5] * 4000, part=1000)
    batches = log.batches(500, 0, window=5_000)  # rounds of 50 units of 50 rows
    middle = [np.array(batch) for batch in batches[5:-5]]
    assert min(len(set((batch // 50).tolist())) for batch in middle) > 50  # of 100 units
    halves = [np.mean(batch < 10_000) for batch in middle]
    assert abs(np.mean(halves) - 0.5) < 0.1


def test_order_depends_on_the_seed_alone() -> None:
    orders = [Log([2, 3] * 9, part=8).batches(6, seed, 20) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_packed_by_hand() -> None:
    assert packed(np.array([3, 3, 4, 20, 1, 10, 9], np.int32), 10) == [10, 20, 1, 10, 9]
    assert packed(np.empty(0, np.int32), 10) == []


@given(st.lists(st.integers(1, 9), max_size=40), st.integers(1, 20))
def test_no_batch_has_room_for_the_next_query(sizes: list[int], most: int) -> None:
    heights = packed(np.array(sizes, np.int32), most)
    ends = np.cumsum([0, *sizes]).tolist()
    cuts = np.cumsum([0, *heights]).tolist()
    assert set(cuts) <= set(ends)
    assert cuts[-1] == ends[-1]
    for start, end in pairwise(cuts):
        assert end - start <= most or ends.index(end) - ends.index(start) == 1
        assert end == ends[-1] or ends[ends.index(end) + 1] - start > most


def test_ranges_by_hand() -> None:
    found = ranges(np.array([7, 0, 3]), np.array([2, 3, 1], np.int32))
    assert found.tolist() == [7, 8, 0, 1, 2, 3]
