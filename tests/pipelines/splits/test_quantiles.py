from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.splits import quantiles as module
from pipelines.splits.quantiles import Keys, ordered, quantiles

SHARES = [0.0, 0.25, 0.5, 0.77, 0.999]


class Passes:
    """Keys in pieces, and how often they were asked for."""

    def __init__(self, keys: Keys, pieces: int = 5) -> None:
        self._pieces, self.count = np.array_split(keys, pieces), 0

    def __call__(self) -> Iterator[Keys]:
        self.count += 1
        return iter(self._pieces)


def expected(keys: Keys) -> list[int]:
    ranked = np.sort(keys)
    return [int(ranked[int(np.ceil((len(keys) - 1) * share))]) for share in SHARES]


@pytest.mark.parametrize("bits", [1, 3, 20])
@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=80))
def test_exact_whatever_the_memory(bits: int, keys: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BITS", bits)
        passes = Passes(np.array(keys, np.uint64))
        assert quantiles(passes, SHARES) == expected(np.array(keys, np.uint64))
        assert passes.count <= -(-64 // bits)


def test_few_distinct_keys_take_one_pass_and_many_take_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_BITS", 10)
    rng = np.random.default_rng(0)
    few = Passes(rng.integers(0, 1000, 20_000).astype(np.uint64) * np.uint64(2**50))
    assert quantiles(few, SHARES) == expected(np.concatenate(list(few())))
    assert few.count == 1 + 1
    many = Passes(rng.integers(0, 2**63, 20_000).astype(np.uint64))
    assert quantiles(many, SHARES) == expected(np.concatenate(list(many())))
    assert 2 + 1 <= many.count <= 7 + 1


def test_the_histogram_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BITS", 6)
    histogram = module._Histogram()
    rng = np.random.default_rng(1)
    for _ in range(50):
        histogram.add(rng.integers(0, 2**62, 100).astype(np.uint64))
        assert len(histogram.bins) <= 64
    assert histogram.counts.sum() == 5000


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=40))
def test_floats_keep_their_order_and_zeros_are_equal(values: list[float]) -> None:
    keys = ordered(pl.Series(values, dtype=pl.Float64))
    below = np.less.outer(np.array(values), np.array(values))
    assert np.array_equal(np.less.outer(keys, keys), below)
    assert len(set(ordered(pl.Series([0.0, -0.0])).tolist())) == 1


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int64, pl.UInt64, pl.UInt8])
def test_integers_keep_their_order(dtype: pl.DataType) -> None:
    low, high = (pl.select(one).item() for one in (dtype.min(), dtype.max()))
    values = sorted({low, low + 1, 0, 1, high - 1, high})
    keys = ordered(pl.Series(values, dtype=dtype)).tolist()
    assert keys == sorted(set(keys))
    assert len(keys) == len(values)
