import math
from typing import Any

import polars as pl
import pytest

from pipelines.inspect.column import ColumnProfile
from pipelines.inspect.parts import parts


def of(values: Any, name: str = "value") -> ColumnProfile:
    return ColumnProfile.of(pl.Series(name, values, strict=False), None)


def counts(a: Any, b: Any, name: str = "value") -> list[tuple[Any, int, int]]:
    return [
        (one.value or one.name or one.high or (one.above, "above"), one.before, one.after)
        for one in parts(of(a, name), of(b, name))
    ]


def test_numbers_lie_in_tenths_of_a() -> None:
    found = counts([*range(1, 101), None], [-5, 10, 11, 200, math.nan, math.inf])
    tenths = [(10 * i, 10, 0) for i in range(1, 10)]
    assert found[0] == (10, 10, 2)
    assert found[1] == (20, 10, 1)
    assert found[2:9] == tenths[2:]
    assert found[9:] == [((90, "above"), 10, 1), ("missing", 1, 2)]


def test_few_numbers_lie_in_a_part_each() -> None:
    found = counts([1, 1, 3], [1, 2, 3, 4])
    assert found == [(1, 2, 1), ((1, "above"), 1, 3), ("missing", 0, 0)]


def test_ids_are_the_top_of_a_the_rest_and_the_missing() -> None:
    a = [f"{i:02}" for i in range(30) for _ in range(30 - i)]
    found = counts([*a, None], ["00", "00", "29", "new", "", None])
    assert found[0] == ("00", 30, 2)
    assert found[-2:] == [("the rest", sum(range(1, 11)), 2), ("missing", 1, 2)]
    assert len(found) == 22


def test_numbers_that_are_ids_by_name() -> None:
    assert counts([7, 7, 8], [8, 9], "item_id")[:2] == [("7", 2, 0), ("8", 1, 1)]


def test_numbers_and_text_are_compared_as_ids() -> None:
    assert counts([7, 7, 8], ["7", "x"])[:2] == [("7", 2, 1), ("8", 1, 0)]


def test_lists_are_compared_by_element() -> None:
    found = counts([["a", "b"], ["a"], []], [["b"], ["c", "c"], None])
    assert found == [("a", 2, 0), ("b", 1, 1), ("the rest", 0, 2)]


@pytest.mark.parametrize("other", [[None, None], [1, 2], [["x"]]])
def test_what_cannot_be_compared_has_no_parts(other: Any) -> None:
    assert parts(of([b"x"]), of(other)) == []


def test_numbers_where_a_has_none() -> None:
    a = pl.Series("value", [None, None], dtype=pl.Int64)
    found = parts(ColumnProfile.of(a, None), of([1, 2, None]))
    assert [(one.name, one.before, one.after) for one in found] == [
        ("numbers", 0, 2),
        ("missing", 2, 1),
    ]
