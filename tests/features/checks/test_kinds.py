import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from features.checks.kinds import Kind, absent, read

NAN, INF = float("nan"), float("inf")


def held(kind: Kind, values: Any, dtype: Any = None) -> tuple[pl.Series, list[int]]:
    """The values as the kind reads them, and the rows that are not of it."""
    column = pl.Series("x", values, dtype=dtype)
    reading = read(kind, "x", column.dtype)
    assert column.to_frame().select(reading.value).to_series().dtype == reading.dtype
    wrong = pl.lit(False) if reading.wrong is None else reading.wrong
    found = column.to_frame().select(value=reading.value, wrong=wrong)
    return found["value"], found["wrong"].fill_null(False).arg_true().to_list()


NUMERALS: list[tuple[str, float | None]] = [
    *(("12", 12.0), ("-5", -5.0), ("+5", 5.0), ("007", 7.0), ("7.0", 7.0), (".5", 0.5)),
    *(("1e3", 1000.0), ("inf", INF), ("-0", 0.0), (str(2**53 + 1), float(2**53))),
    *((" 12", None), ("1_000", None), ("0x10", None), ("１２", None), ("NaN", None)),
    *(("true", None), ("12\n", None), ("--5", None), ("🦀", None)),
]


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical], ids=str)
def test_text_that_is_a_number(dtype: Any) -> None:
    values, wrong = held("number", [text for text, _ in NUMERALS], dtype)
    assert values.to_list() == [number for _, number in NUMERALS]
    assert wrong == [row for row, (_, number) in enumerate(NUMERALS) if number is None]


def test_missing_is_not_wrong() -> None:
    for kind in ("number", "integer", "boolean", "text", "time"):
        assert held(kind, ["", None])[1] == []
        assert held(kind, [None, None], pl.Null)[1] == []
    for kind in ("number", "integer", "boolean"):
        values, wrong = held(kind, [NAN, None])
        assert (values.to_list(), wrong) == ([None, None], [])
    assert held("list", [None, []], pl.List(pl.Int8))[1] == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pl.Series([True, False, None]), [1.0, 0.0, None]),
        (pl.Series([1, 2**53 + 1]), [1.0, float(2**53)]),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), [float(2**64)]),
        (pl.Series([Decimal("0.10"), Decimal("7.00")]), [0.1, 7.0]),
        (pl.Series([NAN, INF, -0.0]), [None, INF, 0.0]),
    ],
)
def test_numbers_of_any_type_are_float64(values: pl.Series, expected: list[Any]) -> None:
    found, wrong = held("number", values)
    assert (found.dtype, found.to_list(), wrong) == (pl.Float64, expected, [])


def test_a_float32_stays_the_number_that_it_was_written_as() -> None:
    found, _ = held("number", [0.1, NAN], pl.Float32)
    assert found.dtype == pl.Float32
    assert found.cast(pl.String).to_list() == ["0.1", None]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pl.Series([True, False]), [1, 0]),
        (
            pl.Series([7.0, 7.5, NAN, INF, 2.0**63, -0.0, 2.0**62]),
            [7, ..., None, ..., ..., 0, 2**62],
        ),
        (pl.Series([2**63, 2**63 - 1], dtype=pl.UInt64), [..., 2**63 - 1]),
        (pl.Series([2**100, -1], dtype=pl.Int128), [..., -1]),
        (pl.Series([Decimal("7.50"), Decimal("7.00")]), [..., 7]),
        (
            pl.Series(["7", "7.0", "007", "7.5", "1e3", str(2**53 + 1), str(2**63), "x", ""]),
            [7, 7, 7, ..., ..., 2**53 + 1, ..., ..., None],
        ),
    ],
)
def test_whole_numbers_are_int64(values: pl.Series, expected: list[Any]) -> None:
    found, wrong = held("integer", values)
    assert found.dtype == pl.Int64
    assert found.to_list() == [None if value is ... else value for value in expected]
    assert wrong == [row for row, value in enumerate(expected) if value is ...]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pl.Series([True, None]), [True, None]),
        (pl.Series([1, 0, 2, -1]), [True, False, ..., ...]),
        (pl.Series([1.0, -0.0, 0.5, NAN]), [True, False, ..., None]),
        (pl.Series(["true", "False", "TRUE", "1", "0", "yes", ""]), [1, 0, 1, 1, 0, ..., None]),
    ],
)
def test_booleans(values: pl.Series, expected: list[Any]) -> None:
    found, wrong = held("boolean", values)
    assert found.dtype == pl.Boolean
    assert found.to_list() == [None if value is ... else value for value in expected]
    assert wrong == [row for row, value in enumerate(expected) if value is ...]


def test_times() -> None:
    good = [
        *("2024-01-31", "2024-01-31 01:02:03", "2024-01-31T01:02:03.5", "2024-01-31T01:02:03Z"),
        *("2024-01-31 01:02:03+09:00", "01:02:03", "01:02:03.25", "1500-01-01"),
    ]
    bad = ["2024-02-30", "2024-01-31T25:00:00", "20240131", "1700000000", "x", "-2024-01-31", "7"]
    found, wrong = held("time", good + bad)
    assert found.to_list() == good + [None] * len(bad)
    assert wrong == list(range(len(good), len(good + bad)))
    for value in (dt.date(2024, 1, 31), dt.datetime(2024, 1, 31), dt.time(1, 2)):
        assert held("time", [value, None])[1] == []


ANYTHING = [
    pl.Series([[1], None]),
    pl.Series([{"a": 1}, None]),
    pl.Series([b"a", None]),
    pl.Series([dt.timedelta(1), None]),
    pl.Series([object(), None], dtype=pl.Object),
]


@pytest.mark.parametrize("values", ANYTHING, ids=lambda values: str(values.dtype))
@pytest.mark.parametrize("kind", ["number", "integer", "boolean", "text", "time", "list"])
def test_a_type_that_cannot_be_of_the_kind_is_wrong_in_every_value(
    kind: Kind, values: pl.Series
) -> None:
    found, wrong = held(kind, values)
    if kind == "list" and values.dtype == pl.List:
        assert (found.to_list(), wrong) == ([[1], None], [])
    else:
        assert (found.to_list(), wrong) == ([None, None], [0])


@pytest.mark.parametrize("value", [7, 7.5, "a", True, dt.date(2024, 1, 1)])
def test_what_is_no_list(value: Any) -> None:
    assert held("list", [value, None])[1] == [0]


def test_dates_are_no_numbers() -> None:
    for kind in ("number", "integer", "boolean"):
        assert held(kind, [dt.date(2024, 1, 1), None])[1] == [0]


def test_absent() -> None:
    for values, expected in (
        (pl.Series("x", ["", None, "a"]), [True, True, False]),
        (pl.Series("x", ["", None, "a"], dtype=pl.Categorical), [True, True, False]),
        (pl.Series("x", [NAN, None, INF]), [True, True, False]),
        (pl.Series("x", [1, None]), [False, True]),
        (pl.Series("x", [[], None, [None]], dtype=pl.List(pl.Int8)), [False, True, False]),
    ):
        missing = values.to_frame().select(absent(pl.col("x"), values.dtype)).to_series()
        assert missing.to_list() == expected
