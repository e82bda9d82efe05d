import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from features.ragged import PAD, Ragged

LISTS = st.lists(st.lists(st.integers(0, 99), max_size=5), max_size=8)
ANY = settings(deadline=None, max_examples=60)


def ragged(lists: list[list[int]]) -> Ragged:
    return Ragged.of(pl.Series(lists, dtype=pl.List(pl.Int32)))


def lists_of(one: Ragged) -> list[list[int]]:
    series = one.series("s")
    assert series.dtype == pl.List(pl.Int32)
    assert series.name == "s"
    return series.to_list()


@given(LISTS)
@ANY
def test_there_and_back(lists: list[list[int]]) -> None:
    one = ragged(lists)
    assert (one.values.dtype, one.lengths.dtype) == (np.int32, np.int64)
    assert lists_of(one) == lists


@given(LISTS, st.integers(5, 8))
@ANY
def test_padded(lists: list[list[int]], length: int) -> None:
    padded = ragged(lists).padded(length)
    assert padded.dtype == np.int32
    assert padded.shape == (len(lists), length)
    assert padded.tolist() == [one + [PAD] * (length - len(one)) for one in lists]


@given(LISTS, LISTS, LISTS)
@ANY
def test_one_after_another(a: list[list[int]], b: list[list[int]], c: list[list[int]]) -> None:
    assert lists_of(Ragged.concat([ragged(one) for one in (a, b, c)])) == [*a, *b, *c]


@given(st.lists(st.integers(0, 99), max_size=5), st.integers(0, 5))
@ANY
def test_the_only_list_many_times(one: list[int], rows: int) -> None:
    assert lists_of(ragged([one]).repeat(rows)) == [one] * rows


def test_slices_of_a_series() -> None:
    series = pl.Series([[1], [2, 3], [], [4]], dtype=pl.List(pl.Int32))
    assert lists_of(Ragged.of(series[1:3])) == [[2, 3], []]
    assert lists_of(Ragged.of(pl.concat([series[3:], series[:1]], rechunk=False))) == [[4], [1]]
