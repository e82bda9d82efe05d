import functools
import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.sketches.seen import Seen

TEXTS = st.lists(st.none() | st.text(max_size=3), max_size=20)


def of(values: list[str | None]) -> Seen:
    return Seen.of(pl.Series(values, dtype=pl.String))


def test_by_hand() -> None:
    seen = of(["a", "b", None])
    assert seen.unseen(pl.Series(["a", "c", "c", None, "b", ""])) == 3
    assert seen.unseen(pl.Series([None], dtype=pl.String)) == 0
    assert of([]).unseen(pl.Series(["a"])) == 1


@given(TEXTS, TEXTS, TEXTS)
@settings(deadline=None, max_examples=10)
def test_merged_in_any_order_it_is_the_whole(a: list[str], b: list[str], c: list[str]) -> None:
    whole = of([*a, *b, *c])
    assert whole.unseen(pl.Series([*a, *b, *c], dtype=pl.String)) == 0
    for order in itertools.permutations(map(of, (a, b, c))):
        assert (functools.reduce(Seen.merge, order).field == whole.field).all()


@pytest.mark.parametrize("count", [10_000, 1_000_000])
def test_new_values_are_told_up_to_the_stated_error(count: int) -> None:
    known = pl.select(pl.int_range(count).cast(pl.String)).to_series()
    seen = Seen.of(known)
    assert seen.unseen(known) == 0
    new = pl.select(pl.int_range(count, 2 * count).cast(pl.String)).to_series()
    missed = count - seen.unseen(new)
    assert missed == pytest.approx(count * seen.error, abs=5 * np.sqrt(count * seen.error) + 1)
    assert seen.error < 2e-4
