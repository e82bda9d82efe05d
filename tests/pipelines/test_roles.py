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


LOGGED = Schema.model_validate(
    {"features": [{"type": "id", "column": "a"}], "label": "click", "propensity": "p"}
)


def propensities(values: list[Any]) -> list[Any]:
    raw = pl.DataFrame({"click": [0] * len(values), "p": values}, strict=False)
    found = {one.name: one for one in role_columns(raw, LOGGED, binary=False)}
    assert found["__propensity"].dtype == pl.Float32
    return found["__propensity"].to_list()


def test_propensities_are_kept() -> None:
    assert propensities([0.5, 0.25, 1]) == [0.5, 0.25, 1.0]
    assert propensities([1]) == [1.0]


@pytest.mark.parametrize("wrong", [0.0, -0.5, 1.5])
def test_a_propensity_is_above_0_and_at_most_1(wrong: float) -> None:
    with pytest.raises(DataError, match=f"above 0 and at most 1; column 'p' holds {wrong:g}"):
        propensities([0.5, wrong])


def test_a_propensity_is_not_missing() -> None:
    with pytest.raises(DataError, match="Every row must have a propensity; column 'p' misses 1"):
        propensities([0.5, None])


def test_a_propensity_is_no_feature() -> None:
    with pytest.raises(ValueError, match="propensity column 'a' must not be a feature"):
        Schema.model_validate(
            {"features": [{"type": "id", "column": "a"}], "label": "y", "propensity": "a"}
        )


def test_a_schema_without_propensity_keeps_its_fingerprint() -> None:
    known = LOGGED.model_copy(update={"propensity": None})
    assert known.fingerprint == "b32a1c87c5c8a4546aaae6815e53cde8e955c4a4ed9cc926b43bcc7b9767b8bd"
    assert known.fingerprint != LOGGED.fingerprint
