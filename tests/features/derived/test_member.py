from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.derived.member import Member
from features.errors import SchemaError


def member(value: Any, of: Any, position: bool = False) -> list[Any]:
    frame = pl.DataFrame({"a": value, "of": of}, strict=False)
    made = Member(name="x", column="a", of="of", position=position)
    return frame.select(made.expression(frame.schema)).to_series().to_list()


def test_by_hand() -> None:
    value = [7, 7, 7, None, 7]
    lists = [["7", "1", "7", "2", None], ["1"], None, ["1"], []]
    assert member(value, lists) == [1, 0, None, None, 0]
    assert member(value, lists, position=True) == [1, None, None, None, None]


ID = st.none() | st.sampled_from(["a", "b", "c", "7", ""])
ROWS = st.lists(st.tuples(ID, st.none() | st.lists(ID, max_size=6)), min_size=1)


@given(ROWS)
@settings(deadline=None)
def test_agrees_with_pythons_lists(rows: list[tuple[Any, Any]]) -> None:
    value = pl.Series([one for one, _ in rows], dtype=pl.String)
    lists = pl.Series([of for _, of in rows], dtype=pl.List(pl.String))
    inside, position = member(value, lists), member(value, lists, position=True)
    for at, (one, of) in enumerate(rows):
        if not one or of is None:
            assert inside[at] is None
            assert position[at] is None
            continue
        present = [other for other in reversed(of) if other]
        assert inside[at] == int(one in present)
        assert position[at] == (present.index(one) if one in present else None)


def test_types_may_differ() -> None:
    for value in ([7], [7.0], ["7"]):
        for of in ([[7, 1]], [[7.0, 1.0]], [["7", "1"]]):
            assert member(value, of) == [1]
            assert member(value, of, position=True) == [1]


def test_columns_without_values() -> None:
    for position in (False, True):
        assert member([None], [["a"]], position) == [None]
        assert member(["a"], [None], position) == [None]
    assert member(["a"], pl.Series([[None]])) == [0]


def test_it_wants_an_id_and_a_list() -> None:
    assert Member(name="x", column="a", of="of").wants == {"a": "id", "of": "ids"}
    with pytest.raises(SchemaError, match="Column 'of' must hold lists; it holds Int64"):
        member([1], [1])
    with pytest.raises(SchemaError, match="Column 'a' must hold text"):
        member([[1]], [[1]])
