import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pipelines.inspect.tally import Tally, label_counts


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(counts: tuple[int, int]) -> None:
    positives, rows = counts
    found = Tally(rows, rows, positives).interval
    expected = binomtest(positives, rows).proportion_ci(0.95, method="wilson")
    assert found is not None
    assert found[0] == pytest.approx(expected.low, abs=1e-7)
    assert found[1] == pytest.approx(expected.high, abs=1e-7)


def test_the_interval_by_hand() -> None:
    # Of 10 rows none: (z^2 / 2n -+ z^2 / 2n) / (1 + z^2 / n), that is 0 and z^2 / (n + z^2).
    found = Tally(10, 10, 0).interval
    assert found == (0.0, pytest.approx(1.959964**2 / (10 + 1.959964**2)))


def test_without_labels_there_is_no_rate() -> None:
    assert Tally(5).rate is None
    assert Tally(5).interval is None


def test_only_0_and_1_are_labels() -> None:
    labels = label_counts(pl.Series([0, 1, None, 2, math.nan, 1.0], strict=False))
    assert Tally.of(6, labels) == Tally(6, 3, 2)
    assert Tally.of(2, label_counts(pl.Series([True, False]))) == Tally(2, 2, 1)
    assert Tally.of(2, None) == Tally(2, 0, 0)


def test_parts_and_the_rest_add_up() -> None:
    whole, part = Tally(10, 9, 4), Tally(6, 6, 1)
    assert whole.less([part]) == Tally(4, 3, 3)
    assert whole.less([part]).merge(part) == whole
