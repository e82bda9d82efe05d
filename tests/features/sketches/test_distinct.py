import functools
import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.sketches.distinct import Distinct

TEXTS = st.lists(st.none() | st.text(max_size=3), max_size=30)


def of(values: list[str | None]) -> Distinct:
    return Distinct.of(pl.Series(values, dtype=pl.String))


@given(TEXTS, TEXTS, TEXTS)
@settings(deadline=None, max_examples=30)
def test_merged_in_any_order_it_is_the_whole(a: list[str], b: list[str], c: list[str]) -> None:
    whole = of([*a, *b, *c]).registers
    for order in itertools.permutations(map(of, (a, b, c))):
        left = functools.reduce(Distinct.merge, order)
        right = order[0].merge(order[1].merge(order[2]))
        assert (left.registers == whole).all()
        assert (right.registers == whole).all()


def test_nothing_and_the_same_again() -> None:
    assert of([]).estimate == 0
    assert of([None]).estimate == 0
    assert (of(["a"] * 9).registers == of(["a", None]).registers).all()


@pytest.mark.parametrize("count", [1, 2, 10, 100])
def test_few_are_counted_nearly_exactly(count: int) -> None:
    assert of([str(one) for one in range(count)]).estimate == pytest.approx(count, rel=0.02)


@pytest.mark.parametrize("count", [300, 3_000, 10_000, 12_000, 40_000, 200_000])
def test_unbiased_and_within_the_stated_error(count: int) -> None:
    # Hashes are as good as uniform; 10,000 is where linear counting would be switched off.
    rng = np.random.default_rng(count)
    found = [
        Distinct.of_hashes(pl.Series(rng.integers(0, 2**64, count, np.uint64))) for _ in range(60)
    ]
    off = np.array([one.estimate / count - 1 for one in found])
    stated = found[0].error
    assert abs(off.mean()) < 3 * stated / math.sqrt(60)
    assert math.sqrt((off**2).mean()) < 1.25 * stated


def test_texts_are_hashed_well() -> None:
    ids = pl.Series(range(100_000)).cast(pl.String)
    assert Distinct.of(ids).estimate == pytest.approx(100_000, rel=3 * Distinct.of(ids).error)


def test_the_registers_are_the_same_everywhere() -> None:
    # xxh3-64 of "a", seed 0, is e6c632b61e964e1f in every implementation: register 0xe6c, and a
    # rest of 0x632b61e964e1f, whose first bit of 52 is 0.
    registers = of(["a"]).registers
    assert registers.nonzero()[0].tolist() == [0xE6C]
    assert registers[0xE6C] == 2
