import functools
import itertools
from typing import Any

import polars as pl
import pytest

from features.checks.violations import Missing, Violation, Violations, example
from features.errors import DataError


def violation(column: str, rule: Any = "max", count: int = 3, **options: Any) -> Violation:
    options = {"must": "be at most 9", "example": "10", "fails": True, **options}
    return Violation(column=column, rule=rule, count=count, **options)


def of(rows: int, *found: Violation, missing: int = 0) -> Violations:
    lacks = [Missing(column="b", count=missing, limit=0.25)]
    return Violations.of(rows, found, lacks)


def test_counts_add_and_the_first_example_stays() -> None:
    left = of(4, violation("b", count=3), missing=1)
    right = of(6, violation("a"), violation("b", count=2, example="11"), missing=2)
    assert left.merge(right) == of(10, violation("a"), violation("b", count=5), missing=3)


def test_merged_in_any_order_the_counts_are_the_same() -> None:
    parts = [
        of(1, violation("b", "min")),
        of(2, violation("a"), violation("b", "max"), missing=1),
        Violations(rows=3),
    ]
    merged = [functools.reduce(Violations.merge, order) for order in itertools.permutations(parts)]
    assert all(one == merged[0] for one in merged)
    assert [one.key for one in merged[0].found] == [("a", "max"), ("b", "max"), ("b", "min")]


def test_json_gives_the_same_back() -> None:
    found = of(9, violation("a", example="'🦀\\n'"), missing=2)
    assert Violations.model_validate_json(found.model_dump_json()) == found


def test_a_failed_check_says_what_must_hold_what_came_and_what_to_do() -> None:
    found = of(1000, violation("age", count=37), violation("b", "min"), violation("c", fails=False))
    with pytest.raises(DataError) as caught:
        found.require()
    assert str(caught.value) == (
        "Column 'age' must be at most 9; 37 of 1000 rows (3.7%) break that, the first holds 10. "
        'Mend the data, or set on_violation = "null" or "clip" in the column\'s check. '
        "Also failed: b (min)."
    )
    with pytest.raises(DataError, match=r'set on_violation = "null" in the column\'s check\.$'):
        of(3, violation("x", "kind")).require_values()


def test_what_was_mended_is_let_pass() -> None:
    of(3, violation("a", fails=False)).require()


def test_too_many_missing_values_fail_over_all_rows_alone() -> None:
    most, too_many = of(8, missing=2), of(8, missing=3)
    most.require()
    too_many.require_values()
    with pytest.raises(DataError, match=r"'b' must be missing in at most 25% .* 3 of 8 rows"):
        too_many.require()
    too_many.merge(of(4, missing=0)).require()
    of(0).require()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pl.Series(["a\nb"]), r"'a\nb'"),
        (pl.Series(["x" * 61]), f"'{'x' * 60}...'"),
        (pl.Series([7.5]), "7.5"),
        (pl.Series([[["a"], []]]), "[['a'], []]"),
        (pl.Series([["x" * 99]]), f"['{'x' * 58}..."),
        (pl.Series([{"a": 1}]), "{'a': 1}"),
    ],
)
def test_an_example_is_one_short_line(values: pl.Series, text: str) -> None:
    assert example(values, 0) == text
