import functools
import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.sketches.histogram import Histogram, aligned

FLOATS = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)
VALUES = st.lists(st.none() | FLOATS | st.sampled_from([0.0, -0.0, 1.0, 5e-324]), max_size=40)
QS = [0.0, 0.001, 0.01, 0.05, 0.07, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0]

rng = np.random.default_rng(0)
NASTY = {
    "subnormal": rng.integers(1, 2**40, 500) * 5e-324,
    "huge": rng.normal(size=500) * 1e300,
    "constant": np.full(100, 0.1),
    "timestamps": 1.5e9 + rng.integers(0, 10**7, 2000),
    "microseconds": 1.5e15 + rng.integers(0, 10**12, 2000),
    "negative": -rng.lognormal(0, 4, 2000),
    "both signs": rng.standard_cauchy(2000),
    "small integers": rng.integers(-50, 50, 1000).astype(float),
    "zeros": np.array([0.0, -0.0, 0.0, -5e-324, 5e-324]),
    "extremes": np.array([-1.7e308, 1.7e308, -2.3e-308, 2.3e-308, 0.0]),
    "one": np.array([math.pi]),
}


def of(values: object, limit: int = 1 << 18) -> Histogram:
    return Histogram.of(pl.Series(values, dtype=pl.Float64), limit=limit)


def same(a: Histogram, b: Histogram) -> bool:
    counted = (a.nulls, a.nans, a.infinities, a.bits) == (b.nulls, b.nans, b.infinities, b.bits)
    return counted and a.table.equals(b.table)


def test_by_hand() -> None:
    found = of([3.0, None, 1.0, 1.0, math.nan, -math.inf, -2.0, 1 + 2**-20])
    assert (found.count, found.nulls, found.nans, found.infinities) == (5, 1, 1, 1)
    assert (found.minimum, found.maximum) == (-2.0, 3.0)
    # 1 and 1 + 2^-20 share a bucket, whose middle stands for the second of its three.
    assert found.table["count"].to_list() == [1, 3, 1]
    assert found.quantiles([0, 0.2, 0.4, 0.6, 0.8, 1]) == [-2, -2, 1, 1 + 2**-21, 1 + 2**-20, 3]
    assert [found.rank(x) for x in (-3, -2, 0.9, 1, 2, 3, math.inf)] == [0, 1, 1, 4, 4, 5, 5]


def test_the_key_is_sign_exponent_and_16_bits() -> None:
    keys = of([-1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, 1 + 2**-16, 2.0]).table["key"].to_list()
    one = 1023 << 16
    assert keys == [~one, ~0, 0, one, one + 1, one + (1 << 16)]


@given(VALUES, VALUES, VALUES, st.sampled_from([1 << 18, 8, 3]))
@settings(deadline=None, max_examples=60)
def test_merged_in_any_order_it_is_the_whole(
    a: list[float | None], b: list[float | None], c: list[float | None], limit: int
) -> None:
    whole = of([*a, *b, *c], limit)
    assert whole.table.height <= limit
    for order in itertools.permutations(of(part, limit) for part in (a, b, c)):
        assert same(functools.reduce(Histogram.merge, order), whole)
        assert same(order[0].merge(order[1].merge(order[2])), whole)


@pytest.mark.parametrize("limit", [1 << 18, 64])
@pytest.mark.parametrize("name", NASTY)
def test_quantiles_are_within_the_error_of_those_of_numpy(name: str, limit: int) -> None:
    values = NASTY[name]
    found = of(values, limit)
    assert found.table.height <= limit
    expected = np.quantile(values, QS, method="inverted_cdf")
    allowed = found.error * np.maximum(np.abs(expected), 2.0**-1022)
    assert (np.abs(np.array(found.quantiles(QS)) - expected) <= allowed).all()
    assert (found.minimum, found.maximum) == (values.min(), values.max())


def test_the_error_is_2_to_minus_17_while_there_is_room() -> None:
    assert of(NASTY["both signs"]).error == 2**-17
    narrow = of(NASTY["both signs"], 64)
    assert narrow.error > 2**-17
    assert narrow.error == 2.0 ** -(narrow.bits + 1)


@given(st.lists(st.integers(-(2**16), 2**16), min_size=1, max_size=50), st.floats(0, 1))
@settings(deadline=None, max_examples=50)
def test_whole_numbers_below_2_to_17_are_exact(values: list[int], q: float) -> None:
    found = of(values)
    assert found.quantile(q) == np.quantile(values, q, method="inverted_cdf")
    assert found.rank(values[0]) == sum(one <= values[0] for one in values)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60), st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_rank_and_quantile_agree(values: list[float], p: float, q: float) -> None:
    found = of(values)
    low, high = found.quantiles(sorted((p, q)))
    assert low <= high
    assert found.rank(low) >= math.ceil(min(p, q) * len(values) * (1 - 1e-12))
    assert found.rank(found.maximum) == len(values)


def test_what_the_numbers_carry_is_summed_by_bucket() -> None:
    values = pl.Series([1.0, 2.0, 1.0, None, math.nan])
    labels = pl.DataFrame({"clicks": [1, 0, 1, 1, 1], "rows": [1, 1, 1, 1, 1]})
    table = Histogram.of(values, labels).table
    assert table.select("low", "count", "clicks", "rows").rows() == [(1, 2, 2, 2), (2, 1, 0, 1)]
    again = Histogram.of(values, labels).merge(Histogram.of(values, labels)).table
    assert again["clicks"].to_list() == [4, 0]


def test_split_at_quantiles() -> None:
    values = [*range(1, 101), None]
    found = of(values)
    cuts = found.cuts([0.25, 0.5, 1])
    assert found.split(cuts).rows() == [(1, 25, 25), (26, 50, 25), (51, 100, 50)]
    other = of([26, 26, 1000]).split(cuts)
    assert other.rows() == [(None, None, 0), (26, 26, 2), (1000, 1000, 1)]
    assert found.split([]).rows() == [(1, 100, 100)]


@pytest.mark.parametrize("name", NASTY)
def test_parts_hold_every_number_once(name: str) -> None:
    found = of(NASTY[name])
    parts = found.split(found.cuts([i / 10 for i in range(1, 10)]))
    assert parts["count"].sum() == len(NASTY[name])
    assert parts["count"].min() > 0
    assert parts["low"].is_sorted()
    assert (parts["high"][:-1] < parts["low"][1:]).all()


def test_without_numbers() -> None:
    found = of([None, math.nan])
    assert found.count == 0
    assert (found.minimum, found.maximum) == (math.inf, -math.inf)
    assert all(math.isnan(one) for one in found.quantiles([0, 0.5]))
    assert found.cuts([0.5]) == []
    assert found.rank(math.inf) == 0
    assert same(found.merge(of([1.0])), of([None, math.nan, 1.0]))


@pytest.mark.parametrize(
    "values", [pl.Series([1, 2, 2], dtype=pl.UInt8), pl.Series([True, False]), pl.Series([2**62])]
)
def test_any_numbers(values: pl.Series) -> None:
    assert Histogram.of(values).maximum == float(values.cast(pl.Float64).max())  # type: ignore[arg-type]


def test_aligned_grids_share_their_keys() -> None:
    fine, coarse = of(NASTY["both signs"]), of(NASTY["both signs"], 64)
    left, right = aligned(fine, coarse)
    assert left.table.equals(right.table)
    assert left.bits == right.bits == coarse.bits
