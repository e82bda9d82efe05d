import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.derived.cross import Cross
from features.derived.derived import Derived
from features.derived.expression import Expression
from features.derived.registry import order, with_derived
from features.derived.time import Time
from features.errors import SchemaError


def made(name: str, text: str) -> Derived:
    return Expression(name=name, expression=text)


CHAIN = [made("d", "b + c"), made("c", "b * 2"), made("b", "a + 1"), made("e", "a - 1")]


@given(st.permutations(CHAIN))
def test_those_that_read_others_come_after_them(derived: list[Derived]) -> None:
    names = [one.name for one in order(derived)]
    assert sorted(names) == ["b", "c", "d", "e"]
    assert names.index("b") < names.index("c") < names.index("d")
    found = with_derived(pl.DataFrame({"a": [1, None]}), derived)
    assert found.select("b", "c", "d", "e").rows() == [(2, 4, 6, 0), (None,) * 4]


def test_circles_are_refused() -> None:
    with pytest.raises(ValueError, match="in a circle; '.' <- '.' <- '.' do"):
        order([made("a", "b + 1"), made("b", "a + 1")])
    with pytest.raises(ValueError, match="'price' <- 'price' do. Rename one"):
        order([made("price", "log1p(price)")])


def test_names_are_given_once() -> None:
    with pytest.raises(ValueError, match="must differ in name; a came twice"):
        order([made("a", "b"), made("a", "c")])


def test_those_whose_inputs_are_not_there_are_left_out() -> None:
    found = with_derived(pl.DataFrame({"a": [1]}), [*CHAIN, made("f", "z + 1"), made("g", "f + d")])
    assert found.columns == ["a", "b", "e", "c", "d"]


def test_the_declaration_replaces_a_raw_column_of_its_name() -> None:
    frame = pl.DataFrame({"at": ["2024-01-31T01:00:00Z"], "hour": [99]})
    hour = Time(name="hour", column="at", part="hour")
    found = with_derived(frame, [made("next", "hour + 1"), hour])
    assert found.select("hour", "next").row(0) == (1, 2)
    assert with_derived(found, [made("next", "hour + 1"), hour]).equals(found)


def test_columns_without_values_have_no_type() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": pl.Series([None, None], dtype=pl.String)})
    found = with_derived(frame, [made("c", "fill(b, 1) + a")])
    assert found["c"].to_list() == [2, 3]
    assert found.schema["b"] == pl.String
    lists = pl.DataFrame({"a": [1], "b": pl.Series([None], dtype=pl.List(pl.Int64))})
    assert with_derived(lists, [Cross(name="c", columns=("a", "b"))])["c"].item() == "1\x1f\x1e"


def test_what_cannot_be_read_is_refused() -> None:
    frame = pl.DataFrame({"a": ["x"]})
    with pytest.raises(SchemaError, match="Column 'a' must hold numbers; it holds String"):
        with_derived(frame, [made("b", "a + 1")])


def test_no_rows_and_nothing_derived() -> None:
    frame = pl.DataFrame({"a": []})
    assert with_derived(frame, CHAIN).height == 0
    assert with_derived(frame, []).equals(frame)
