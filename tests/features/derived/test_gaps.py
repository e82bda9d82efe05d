import bisect
import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.derived.gaps import Gaps
from features.errors import SchemaError


def gaps(times: Any, now: Any, **options: Any) -> list[Any]:
    frame = pl.DataFrame({"times": times, "now": now}, strict=False)
    made = Gaps(name="x", column="times", now="now", **options)
    return frame.select(made.expression(frame.schema)).to_series().to_list()


def test_by_hand() -> None:
    times = [[100, 40, None, 101], [], None, [5]]
    assert gaps(times, [100, 1, 1, None]) == [["0", "6", None, "0"], [], None, [None]]
    edges = [0, 60, 3600]
    assert gaps(times, [100, 1, 1, None], edges=edges) == [["1", "2", None, "0"], [], None, [None]]


def test_powers_of_two() -> None:
    found = gaps([[0] * 1], [0])[0]
    assert found == ["0"]
    at = [1, 2, 3, 4, 1023, 1024, 2**31 - 1, 2**31, 2**33]
    expected = ["1", "2", "2", "3", "10", "11", "31", "32", "32"]
    assert [gaps([[-gap]], [0])[0][0] for gap in at] == expected


@given(
    st.lists(st.none() | st.integers(-10_000, 10_000), max_size=8),
    st.integers(-10_000, 10_000),
    st.lists(st.integers(-20_000, 20_000), min_size=1, max_size=6, unique=True).map(sorted),
)
@settings(deadline=None)
def test_agrees_with_pythons_bisection(times: list[Any], now: int, edges: list[int]) -> None:
    series = pl.Series([times], dtype=pl.List(pl.Int64))
    expected = [None if at is None else str(bisect.bisect_right(edges, now - at)) for at in times]
    assert gaps(series, [now], edges=edges) == [expected]


def test_times_in_any_form() -> None:
    seconds, text = [[86_400, None]], [["1970-01-02T00:00:00Z", ""]]
    moments = [[dt.datetime(1970, 1, 2), None]]
    for now in ([86_500], ["1970-01-02T00:01:40Z"], [dt.datetime(1970, 1, 2, 0, 1, 40)]):
        for times in (seconds, text, moments, [[86_400.0, None]], [["86400", "junk"]]):
            assert gaps(times, now) == [["7", None]]
    assert gaps([[86_400_000]], [86_500_000], unit="ms") == [["7"]]


def test_columns_without_values() -> None:
    assert gaps([None], [1]) == [None]
    assert gaps([[1]], [None]) == [[None]]
    assert gaps(pl.Series([[None]]), [1]) == [[None]]


@pytest.mark.parametrize("edges", [[], [1, 1], [2, 1], [float("nan")], [float("inf")], [1e30]])
def test_edges_ascend_and_are_numbers(edges: list[float]) -> None:
    with pytest.raises(ValidationError):
        Gaps(name="x", column="times", now="now", edges=tuple(edges))


def test_it_wants_a_list_and_a_time() -> None:
    assert Gaps(name="x", column="times", now="now").wants == {"times": "ids", "now": "value"}
    with pytest.raises(SchemaError, match="Column 'times' must hold lists; it holds Int64"):
        gaps([1], [1])
    with pytest.raises(SchemaError, match="Column 'times' must hold times .*; it holds Boolean"):
        gaps([[True]], [1])
