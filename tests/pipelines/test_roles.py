"""The columns that are not features, from raw rows."""

from typing import Any

import polars as pl
import pytest

from features.errors import DataError
from features.schema import Schema
from pipelines.roles import chained, role_columns

RAW = pl.DataFrame(
    {
        "click": [0, 1, 1, 0, 1],
        "bought": [1, 1, None, None, 0],
        "liked": [True, None, False, True, True],
    }
)
SCHEMA = Schema.model_validate(
    {"features": [{"type": "id", "column": "a"}], "label": "click", "tasks": ["liked", "bought"]}
)


def columns(raw: pl.DataFrame = RAW, **options: Any) -> dict[str, list[Any]]:
    found = role_columns(raw, SCHEMA, binary=True, **options)
    assert {one.dtype for one in found} == {pl.Float32()}
    return {one.name: one.to_list() for one in found}


def test_a_further_label_that_was_not_observed_stays_null() -> None:
    assert columns() == {
        "__label": [0, 1, 1, 0, 1],
        "__task:liked": [1, None, 0, 1, 1],
        "__task:bought": [1, 1, None, None, 0],
    }


def test_a_chained_label_is_0_where_the_first_is() -> None:
    """Observed or not: what was not clicked was not bought after a click."""
    assert columns(chained=True) == {
        "__label": [0, 1, 1, 0, 1],
        "__task:liked": [0, None, 0, 0, 1],
        "__task:bought": [0, 1, None, 0, 0],
    }


def test_importance_weighs_the_rows_of_all_tasks() -> None:
    found = columns(importance=pl.Series([2.0, 1, 1, 2, 1]))
    assert found["__weight"] == [2, 1, 1, 2, 1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 1, 2, None, 1], "Labels must be 0 or 1 for a CTR model; column 'bought' holds 2"),
        ([0.0, 1.0, float("nan"), None, 1.0], "finite numbers; column 'bought' does not"),
        (["0", "1", "0", None, "1"], "must hold numbers; column 'bought' holds String"),
    ],
)
def test_a_further_label_is_0_or_1(values: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        columns(RAW.with_columns(pl.Series("bought", values)))


@pytest.mark.parametrize(
    ("model", "expected"),
    [({"type": "esmm"}, True), ({"type": "mmoe"}, False), (None, False), ({}, False)],
)
def test_labels_are_chained_for_esmm_alone(model: Any, expected: bool) -> None:
    assert chained(model) is expected
