import functools
import itertools
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.sketches.frequent import SHOWN, Frequent

TEXTS = st.lists(st.none() | st.sampled_from("abcdefgh"), max_size=30)


def of(values: list[str] | list[str | None], limit: int = 1 << 14) -> Frequent:
    return Frequent.of(pl.Series(values, dtype=pl.String), limit=limit)


def as_dict(found: Frequent) -> dict[str, tuple[int, int]]:
    return {value: (count, missed) for value, count, missed in _rows(found)}


def _rows(found: Frequent) -> list[tuple[str, int, int]]:
    return found.table.select("value", "count", "missed").rows()


def test_by_hand() -> None:
    found = of(["b", "a", None, "b", "", "b"])
    assert as_dict(found) == {"a": (1, 0), "b": (3, 0), "": (1, 0)}
    assert found.exact
    assert found.top(2).select("value", "count", "length").rows() == [("b", 3, 1), ("", 1, 0)]


def test_beyond_the_limit_by_hand() -> None:
    # With room for 2, the third counter (c: 1) is the cut, and c and d (1) go.
    a = of(["a"] * 5 + ["b"] * 3 + ["c", "d"], limit=2)
    assert (as_dict(a), a.error) == ({"a": (5, 0), "b": (3, 0)}, 1)
    # c comes back, may have been missed once; counters a 4 + 1, b 2, c 3: the cut is 2.
    both = a.merge(of(["a", "c", "c", "c"], limit=2))
    assert (as_dict(both), both.error) == ({"a": (6, 0), "c": (3, 1)}, 3)
    assert not both.exact
    assert both.top(9)["value"].to_list() == ["a", "c"]


@given(TEXTS, TEXTS, TEXTS)
@settings(deadline=None, max_examples=30)
def test_exact_and_the_same_for_every_division_within_the_limit(
    a: list[str | None], b: list[str | None], c: list[str | None]
) -> None:
    whole = Counter(one for one in (*a, *b, *c) if one is not None)
    for order in itertools.permutations(of(part, limit=8) for part in (a, b, c)):
        left = functools.reduce(Frequent.merge, order)
        right = order[0].merge(order[1].merge(order[2]))
        for found in (left, right):
            assert found.exact
            assert as_dict(found) == {value: (count, 0) for value, count in whole.items()}


@given(st.lists(TEXTS, min_size=1, max_size=6), st.integers(1, 5), st.booleans())
@settings(deadline=None, max_examples=80)
def test_the_bounds_hold_beyond_the_limit(
    parts: list[list[str | None]], limit: int, backwards: bool
) -> None:
    true = Counter(one for part in parts for one in part if one is not None)
    sketches = [of(part, limit) for part in parts]
    found = functools.reduce(lambda a, b: b.merge(a) if backwards else a.merge(b), sketches)
    listed = as_dict(found)
    assert len(listed) <= limit
    assert found.error * (limit + 1) <= true.total()
    for value, count in true.items():
        least, missed = listed.get(value, (0, found.error))
        assert least <= count <= least + missed
        assert missed <= found.error


def test_the_heavy_are_found_among_many_rare() -> None:
    rng = np.random.default_rng(0)
    parts = [[*["x"] * 60, *["y"] * 30, *map(str, rng.integers(0, 10**9, 900))] for _ in range(20)]
    found = functools.reduce(Frequent.merge, (of(part, limit=300) for part in parts))
    assert found.top(5).select("value", "count").rows()[:2] == [("x", 1200), ("y", 600)]
    assert found.table.height <= 300


def test_what_the_values_carry_is_summed() -> None:
    texts = pl.Series(["a", "b", "a", None])
    labels = pl.DataFrame({"clicks": [1, 0, 1, 1]})
    once = Frequent.of(texts, labels)
    merged = once.merge(once).top(9)
    assert merged.select("value", "count", "clicks").rows() == [("a", 4, 4), ("b", 2, 0)]


def test_long_values_are_told_apart_by_their_hash_and_shown_in_part() -> None:
    long = "é" * 1000
    found = of([long + "a", long + "b", long + "b"]).top(9)
    assert found["count"].to_list() == [2, 1]
    assert found["length"].to_list() == [1001, 1001]
    assert found["value"].to_list() == ["é" * SHOWN] * 2


@pytest.mark.parametrize("limit", [1, 3])
def test_all_alike_none_stands_out(limit: int) -> None:
    found = of([str(one) for one in range(50)], limit)
    assert found.table.is_empty()
    assert found.error == 1
    assert found.top(5).is_empty()
