"""Batches of rows in memory, which tell their own number."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.batch import Batch
from features.dataset import epoch as module
from features.dataset.epoch import Epoch, Unit
from features.dataset.loader import evenly, load


class Rows:
    """Parts of these heights; `read` says which of them it was asked for."""

    def __init__(self, heights: list[int]) -> None:
        self.parts = {f"p{i}": height for i, height in enumerate(heights)}
        ends = np.cumsum(heights, dtype=np.int64)
        self._starts = dict(zip(self.parts, ends - heights, strict=True))
        self.total = sum(heights)
        self.read: list[Unit] = []

    def __call__(self, unit: Unit) -> Batch:
        self.read.append(unit)
        start = self._starts[unit.part] + unit.start
        number = np.arange(start, start + unit.rows, dtype=np.int32)
        return Batch(
            ids=np.stack([number, number], axis=1),
            numerics=number[:, None].astype(np.float32),
            sequences={"s": np.stack([number, -number], axis=1)},
            label=(number % 2).astype(np.float32),
        )

    def batches(self, size: int, seed: int | None, window: int, skip: int = 0) -> list[list[int]]:
        epoch = Epoch(self.parts, seed, window)
        found = []
        for batch in load(epoch, self, evenly(self.total, size), skip):
            number = batch.ids[:, 0]
            assert np.array_equal(batch.ids[:, 1], number)
            assert np.array_equal(batch.numerics[:, 0], number)
            assert np.array_equal(batch.sequences["s"], np.stack([number, -number], axis=1))
            assert batch.label is not None
            assert np.array_equal(batch.label, number % 2)
            found.append(number.tolist())
        return found


HEIGHTS = st.lists(st.integers(1, 30), min_size=1, max_size=12)


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNIT", 4)


@example([1, 2], 1, 0, 2, 1)  # a round too small to keep a row for the next
@settings(deadline=None)
@given(
    HEIGHTS, st.integers(1, 50), st.none() | st.integers(0, 99), st.integers(2, 200), st.integers(0)
)
def test_every_row_comes_once_and_a_resumed_epoch_is_the_tail(
    heights: list[int], size: int, seed: int | None, window: int, skip: int
) -> None:
    rows = Rows(heights)
    whole = rows.batches(size, seed, window)
    given_rows = [number for batch in whole for number in batch]
    assert sorted(given_rows) == list(range(rows.total))
    assert seed is not None or given_rows == list(range(rows.total))
    assert [len(batch) for batch in whole[:-1]] == [size] * (len(whole) - 1)
    skip %= len(whole) + 2
    assert rows.batches(size, seed, window, skip) == whole[skip:]


def test_a_resumed_epoch_reads_only_what_it_gives_and_two_rounds() -> None:
    rows = Rows([20] * 50)
    whole = rows.batches(10, 3, window=100)
    for skip in (30, 60, 97):
        rows.read = []
        assert rows.batches(10, 3, 100, skip) == whole[skip:]
        left = rows.total - 10 * skip
        assert sum(unit.rows for unit in rows.read) <= left + 2 * (50 + 4)
    rows.read = []
    assert rows.batches(10, None, 100, 95) == [list(range(i, i + 10)) for i in range(950, 1000, 10)]
    assert [unit.part for unit in rows.read] == ["p47", "p48", "p49"]


def test_few_rows_are_shuffled_evenly() -> None:
    counts = Counter(tuple(Rows([2, 2]).batches(4, seed, 4)[0]) for seed in range(2400))
    assert len(counts) == 24  # every order of four rows, each expected 100 times
    assert sum((count - 100) ** 2 / 100 for count in counts.values()) < 49.7  # chi2 .999, 23 df


def test_a_batch_mixes_places_of_the_whole_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNIT", 50)
    rows = Rows([1000] * 100)
    batches = rows.batches(500, 0, window=10_000)  # rounds of 100 units of 50 rows
    places = [{number // 50 for number in batch} for batch in batches]
    halves = [np.mean([number < 50_000 for number in batch]) for batch in batches[20:-20]]
    assert min(map(len, places[20:-20])) > 150  # of the 200 units of two rounds
    # A row's half of the log is that of its unit: 0.5 +- sqrt(0.25 / 200) at worst five times.
    assert np.std(halves) < 0.06
    assert max(abs(half - 0.5) for half in halves) < 0.2


def test_rows_of_a_round_come_in_two_stretches() -> None:
    epoch = Epoch({"a": 400}, 7, window=100)
    assert len(epoch.rounds) > 3
    for number in range(1, len(epoch.rounds) - 1):
        before = sum(unit.rows for unit in epoch.rounds[number - 1])
        found = epoch.stretch(number)
        assert not isinstance(found, slice)
        assert 0 < (found < before).sum() == before // 2
        assert list(found) != sorted(found)


def test_order_depends_on_the_seed_alone() -> None:
    orders = [Rows([9, 9, 9]).batches(5, seed, 12) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
