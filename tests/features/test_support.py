import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from features.transforms.text import canonical
from tests.features import support
from tests.features.support import (
    EXACT,
    drifted,
    integer_values,
    list_values,
    logical,
    number_values,
    raw_columns,
    text_values,
)

QUICK = settings(deadline=None, max_examples=60)


def types(series: pl.Series) -> set[str]:
    return {str(one.dtype) for one in drifted(series)}


def test_the_helpers_are_this_projects() -> None:
    assert Path(support.__file__) == Path(__file__).with_name("support.py")


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (text_values(), lambda value: value is not None and len(value) == 10_000),
        (text_values(), lambda value: value == ""),
        (text_values(), lambda value: value is not None and "🦀" in value),
        (integer_values(), lambda value: value == EXACT + 1),
        (number_values(), lambda value: value is not None and math.isnan(value)),
        (number_values(), lambda value: value == -math.inf),
        (number_values(), lambda value: value == 0 and math.copysign(1, value) < 0),
        (list_values(number_values()), lambda value: value == []),
        (list_values(number_values()), lambda value: value is not None and None in value),
    ],
)
def test_the_awkward_values_come(values: Any, wanted: Any) -> None:
    assert wanted(find(values, wanted, settings=settings(max_examples=20_000, database=None)))


@given(text_values())
@QUICK
def test_every_text_is_utf8(value: str | None) -> None:
    assert value is None or value.encode().decode() == value


@given(st.data(), st.integers(0, 4))
@QUICK
def test_a_column_has_its_rows(data: st.DataObject, rows: int) -> None:
    assert len(data.draw(raw_columns(rows))) == rows
    assert not isinstance(data.draw(raw_columns(rows, lists=False)).dtype, pl.List)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((True, 1), (7, 7), (7.0, 7), (-0.0, 0), (Decimal("7.00"), 7), ("7", 7), ("-7", -7)),
        *((0.5, 0.5), ("0.5", 0.5), (Decimal("0.50"), 0.5), (math.inf, math.inf)),
        *((None, None), (math.nan, None), ("", None)),
        *(("7.0", "7.0"), ("007", "007"), ("-0", "-0"), ("NaN", "NaN"), ("1e3", "1e3")),
        *((EXACT + 1, EXACT + 1), (float(EXACT), float(EXACT)), (str(EXACT + 1), EXACT + 1)),
    ],
)
def test_what_a_value_stands_for(value: Any, expected: Any) -> None:
    assert logical(value) == expected
    assert type(logical(value)) is type(expected)


TEXTUAL = {"String", "Categorical"}
NUMERIC = {"Int8", "Int64", "UInt64", "Float32", "Float64", "Decimal(precision=18, scale=4)"}


def test_values_drift_to_the_types_that_hold_them_all() -> None:
    assert types(pl.Series([1, 0, None])) == TEXTUAL | NUMERIC | {"Boolean"}
    assert types(pl.Series([True, False])) == TEXTUAL | NUMERIC | {"Boolean"}
    assert types(pl.Series(["7", ""])) == TEXTUAL | NUMERIC
    assert types(pl.Series([-1, 300])) == TEXTUAL | NUMERIC - {"Int8", "UInt64"}
    assert types(pl.Series([EXACT + 1])) == TEXTUAL | {"Int64", "UInt64"}
    assert types(pl.Series([0.5, 1])) == TEXTUAL | {"Float64", "Decimal(precision=18, scale=4)"}
    assert types(pl.Series([math.inf, 1])) == {"Float64"}
    assert types(pl.Series(["007", "7"])) == TEXTUAL
    assert types(pl.Series([0.5, 1], dtype=pl.Float32)) == types(pl.Series([0.5, 1]))
    assert types(pl.Series([0.1], dtype=pl.Float32)) == set()
    assert "Null" in types(pl.Series([None, None]))
    assert types(pl.Series([["7"], None, []])) == {f"List({one})" for one in TEXTUAL | NUMERIC}


def test_drift_by_hand() -> None:
    found = {str(one.dtype): one.to_list() for one in drifted(pl.Series([1.0, None]))}
    assert found["Int8"] == [1, None]
    assert found["Boolean"] == [True, None]
    assert found["Categorical"] == ["1", None]
    assert [1, None] in [one.to_list() for one in drifted(pl.Series([1.0, math.nan]))]
    assert ["1", ""] in [one.to_list() for one in drifted(pl.Series([1.0, math.nan]))]
    lists = [one.to_list() for one in drifted(pl.Series([[1, None], None, []]))]
    assert [["1", None], None, []] in lists
    assert [["1", ""], None, []] in lists


def texts(series: pl.Series) -> list[str | None]:
    return series.to_frame("x").select(canonical(pl.col("x"), series.dtype, "x"))["x"].to_list()


@given(raw_columns(5, lists=False))
@settings(deadline=None, max_examples=150)
def test_what_drifts_keeps_its_meaning_and_its_canonical_text(series: pl.Series) -> None:
    meant = [logical(value) for value in series.to_list()]
    for other in drifted(series):
        assert [logical(value) for value in other.to_list()] == meant
        assert texts(other) == texts(series), other.dtype


@given(raw_columns(4))
@QUICK
def test_lists_keep_their_shape(series: pl.Series) -> None:
    if isinstance(series.dtype, pl.List):
        for other in drifted(series):
            assert other.list.len().to_list() == series.list.len().to_list()
