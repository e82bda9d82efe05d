import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.derived.derived import Derived
from features.derived.expression import Expression
from features.derived.registry import order


def made(name: str, text: str) -> Derived:
    return Expression(name=name, expression=text)


CHAIN = [made("d", "b + c"), made("c", "b * 2"), made("b", "a + 1"), made("e", "a - 1")]


@given(st.permutations(CHAIN))
def test_those_that_read_others_come_after_them(derived: list[Derived]) -> None:
    names = [one.name for one in order(derived)]
    assert sorted(names) == ["b", "c", "d", "e"]
    assert names.index("b") < names.index("c") < names.index("d")


def test_circles_are_refused() -> None:
    with pytest.raises(ValueError, match="in a circle; '.' <- '.' <- '.' do"):
        order([made("a", "b + 1"), made("b", "a + 1")])
    with pytest.raises(ValueError, match="'price' <- 'price' do. Rename one"):
        order([made("price", "log1p(price)")])


def test_names_are_given_once() -> None:
    with pytest.raises(ValueError, match="must differ in name; a came twice"):
        order([made("a", "b"), made("a", "c")])
