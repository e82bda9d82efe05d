from typing import Any

import pytest

from features.columns import named


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("a", ["a"]),
        (["b", "a"], ["b", "a"]),
        ("C9..C11", ["C9", "C10", "C11"]),
        (("C08..C10", "x"), ["C08", "C09", "C10", "x"]),
        ("C1..D2", ["C1..D2"]),
    ],
)
def test_names_and_ranges(columns: Any, expected: list[str]) -> None:
    assert list(named(columns)) == expected


@pytest.mark.parametrize("columns", [[], [1], 1, None, {"a": 1}])
def test_what_names_no_column(columns: Any) -> None:
    with pytest.raises(ValueError, match="`columns` must be one name of a column or more; got"):
        list(named(columns))


def test_a_range_ascends() -> None:
    with pytest.raises(ValueError, match=r"must ascend; got 'C3\.\.C1'"):
        list(named("C3..C1"))
