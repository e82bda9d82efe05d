"""Conditions on candidates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from features.transforms.text import canonical
from serving.rerank.condition import Condition
from serving.rerank.traits import Traits

MakeTraits = Callable[..., Traits]


def holds(traits: MakeTraits, values: list[Any], operator: str, value: Any) -> list[int]:
    condition = Condition.model_validate(["x", operator, value])
    return [i for i, one in enumerate(condition.holds(traits(len(values), x=values))) if one]


@pytest.mark.parametrize(
    ("operator", "value", "rows"),
    [
        ("==", "a", [0, 2]),
        ("!=", "a", [1]),
        ("in", ["a", "b", "z"], [0, 1, 2]),
        ("not in", ["a", "z"], [1]),
        ("==", "z", []),
        ("==", "", []),
    ],
)
def test_ids_are_compared_and_missing_ones_never_hold(
    traits: MakeTraits, operator: str, value: Any, rows: list[int]
) -> None:
    assert holds(traits, ["a", "b", "a", None, ""], operator, value) == rows


@pytest.mark.parametrize(
    ("operator", "rows"), [("<", [0]), ("<=", [0, 1]), (">", [2]), (">=", [1, 2])]
)
def test_numbers_are_compared_and_missing_ones_never_hold(
    traits: MakeTraits, operator: str, rows: list[int]
) -> None:
    assert holds(traits, [1.0, 2.0, 3.0, None], operator, 2) == rows


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        *((value, pl.String) for value in ("7", "é🙂", "", " a ")),
        *((value, pl.Int64) for value in (7, -3, 2**62)),
        *((value, pl.Float64) for value in (7.0, 0.5, -0.0, 2.0**53 - 1)),
        *((value, pl.Boolean) for value in (True, False)),
    ],
)
def test_a_value_equals_what_an_encoder_takes_for_the_same_id(
    traits: MakeTraits, value: Any, dtype: Any
) -> None:
    series = pl.Series("x", [value], dtype=dtype)
    text = series.to_frame().select(canonical(pl.col("x"), series.dtype, "x")).item()
    found = Condition.model_validate(["x", "==", value]).holds(Traits(1, lambda _: series))
    assert found.tolist() == [text is not None]
    assert text is None or holds(traits, [text], "==", value) == [0]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (["x", "in", "a"], "a list of at least one value"),
        (["x", "in", []], "a list of at least one value"),
        (["x", "==", ["a"]], "needs one value"),
        (["x", "<", "2"], "compares numbers"),
        (["x", "<", True], "compares numbers"),
        (["x", "<", float("inf")], "must be finite"),
        (["x", "~", 1], "Input should be"),
    ],
)
def test_what_cannot_be_compared_is_refused(condition: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Condition.model_validate(condition)


def test_a_condition_survives_json() -> None:
    for one in (["x", "in", ["a", 1, 2.5, True]], ["x", ">", 3]):
        condition = Condition.model_validate(one)
        again = Condition.model_validate_json(condition.model_dump_json())
        assert (again, again._texts) == (condition, condition._texts)
