from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.derived.overlap import Overlap
from features.errors import SchemaError


def overlap(measure: Any, one: Any, other: Any) -> list[Any]:
    frame = pl.DataFrame({"a": one, "b": other}, strict=False)
    made = Overlap(name="x", columns=("a", "b"), measure=measure)
    return frame.select(made.expression(frame.schema)).to_series().to_list()


def test_by_hand() -> None:
    one = [[3, 1, None, 1], [], None, [5], []]
    other = [["1", "3", "9", ""], ["1"], ["2"], None, []]
    assert overlap("count", one, other) == [2, 0, None, None, 0]
    assert overlap("items", one, other) == [["3", "1"], [], None, None, []]
    assert overlap("share", one, other) == [1, None, None, None, None]
    assert overlap("jaccard", one, other) == [2 / 3, 0, None, None, None]


LISTS = st.none() | st.lists(st.none() | st.sampled_from("abcdef"), max_size=6)


@given(st.lists(st.tuples(LISTS, LISTS), min_size=1))
@settings(deadline=None)
def test_agrees_with_pythons_sets(rows: list[tuple[Any, Any]]) -> None:
    dtype = pl.List(pl.String)
    one, other = (pl.Series(part, dtype=dtype) for part in zip(*rows, strict=True))
    found = {name: overlap(name, one, other) for name in ("count", "jaccard", "share", "items")}
    for at, (left, right) in enumerate(rows):
        if left is None or right is None:
            assert all(values[at] is None for values in found.values())
            continue
        first, second = set(left) - {None}, set(right) - {None}
        shared = [one for one in dict.fromkeys(left) if one in second and one]
        assert found["items"][at] == shared
        assert found["count"][at] == len(shared)
        assert found["jaccard"][at] == (
            len(shared) / len(first | second) if first | second else None
        )
        assert found["share"][at] == (len(shared) / len(first) if first else None)


def test_columns_without_values() -> None:
    for measure in ("count", "jaccard", "share", "items"):
        assert overlap(measure, [None, None], [["a"], []]) == [None, None]
        assert overlap(measure, pl.Series([[None]]), pl.Series([[None]]))[0] in (0, None, [])


def test_fixed_size_lists() -> None:
    arrays = pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int64, 2))
    assert overlap("count", arrays, [[1], [1]]) == [1, 0]


def test_it_wants_two_lists() -> None:
    assert Overlap(name="x", columns=("a", "b")).wants == {"a": "ids", "b": "ids"}
    with pytest.raises(ValidationError, match="both are 'a'"):
        Overlap(name="x", columns=("a", "a"))
    with pytest.raises(
        SchemaError, match=r"Column 'a' must hold lists; it holds String\. .*tokens"
    ):
        overlap("count", ["a"], [["a"]])
