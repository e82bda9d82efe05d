import functools
import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.statistics import Counts, Moments

VALUES = st.lists(st.none() | st.text(max_size=3), max_size=30)
NUMBERS = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=30)


def counts(values: list[str | None]) -> Counts:
    return Counts.of(pl.Series("any name", values, dtype=pl.String))


def moments(values: list[float | None]) -> Moments:
    return Moments.of(pl.Series("any name", values, dtype=pl.Float64))


def as_dict(found: Counts) -> dict[str, int]:
    return dict(found.table.select("value", "count").iter_rows())


def close(a: Moments, b: Moments) -> bool:
    exact = (a.count, a.nulls, a.minimum, a.maximum) == (b.count, b.nulls, b.minimum, b.maximum)
    scale = 1 + (max(abs(a.minimum), abs(a.maximum)) if a.count else 0)
    means = math.isclose(a.mean, b.mean, abs_tol=1e-12 * scale)
    return exact and means and math.isclose(a.std, b.std, rel_tol=1e-9, abs_tol=1e-9 * scale)


def test_counts_by_hand() -> None:
    found = counts(["b", "a", None, "b", None, "b"])
    assert as_dict(found) == {"a": 1, "b": 3}
    assert found.nulls == 2
    assert found.table.schema == {"value": pl.String, "count": pl.UInt64}


@given(VALUES)
@settings(deadline=None, max_examples=30)
def test_counts_agree_with_a_dictionary(values: list[str | None]) -> None:
    expected: dict[str, int] = {}
    for value in values:
        if value is not None:
            expected[value] = expected.get(value, 0) + 1
    assert as_dict(counts(values)) == expected
    assert counts(values).nulls == values.count(None)


@given(VALUES, VALUES, VALUES)
@settings(deadline=None, max_examples=30)
def test_counts_merge_in_any_order(a: list[str], b: list[str], c: list[str]) -> None:
    whole = counts([*a, *b, *c])
    for order in itertools.permutations(map(counts, (a, b, c))):
        left = functools.reduce(Counts.merge, order)
        right = order[0].merge(order[1].merge(order[2]))
        assert as_dict(left) == as_dict(right) == as_dict(whole)
        assert left.nulls == right.nulls == whole.nulls


def test_moments_by_hand() -> None:
    found = moments([1.0, None, 3.0, 8.0])
    assert found == Moments(count=3, nulls=1, mean=4.0, m2=26.0, minimum=1.0, maximum=8.0)
    assert found.std == pytest.approx(math.sqrt(26 / 3))


def test_moments_merged_by_hand() -> None:
    # d = 5.5 - 2 = 3.5; mean = 2 + 3.5 * 2 / 5; m2 = 2 + 12.5 + 3.5^2 * 3 * 2 / 5
    merged = moments([1.0, 2.0, 3.0]).merge(moments([3.0, 8.0]))
    assert (merged.count, merged.minimum, merged.maximum) == (5, 1.0, 8.0)
    assert merged.mean == pytest.approx(3.4)
    assert merged.m2 == pytest.approx(29.2)


@given(NUMBERS, NUMBERS, NUMBERS)
@settings(deadline=None, max_examples=50)
def test_moments_merge_in_any_order(a: list[float], b: list[float], c: list[float]) -> None:
    whole = moments([*a, *b, *c])
    for order in itertools.permutations(map(moments, (a, b, c))):
        assert close(functools.reduce(Moments.merge, order), whole)
        assert close(order[0].merge(order[1].merge(order[2])), whole)


def test_nothing_merged_with_nothing_is_nothing() -> None:
    nothing = moments([None]).merge(moments([]))
    assert nothing == Moments(0, 1, 0.0, 0.0, math.inf, -math.inf)
    assert nothing.std == 0.0


def test_nothing_changes_nothing_but_the_nulls() -> None:
    some, nothing = moments([1.0, 3.0]), moments([None, None])
    assert some.merge(nothing) == nothing.merge(some) == Moments(2, 2, 2.0, 2.0, 1.0, 3.0)


@given(st.floats(-1e30, 1e30), st.integers(1, 50), st.integers(1, 50))
@settings(deadline=None, max_examples=50)
def test_equal_numbers_have_no_spread(value: float, here: int, there: int) -> None:
    merged = moments([value] * here).merge(moments([value] * there))
    assert (merged.mean, merged.std) == (value, 0.0)


def test_a_small_spread_around_a_large_mean_is_kept() -> None:
    values = 1e9 + np.random.default_rng(0).normal(size=4000)
    parts = [moments(list(part)) for part in np.split(values, 8)]
    assert functools.reduce(Moments.merge, parts).std == pytest.approx(values.std(), rel=1e-6)
