import polars as pl
import pytest

from pipelines.page import shown


@pytest.mark.parametrize(
    ("part", "text"),
    [(0, "0.00%"), (1e-9, "<0.01%"), (0.5, "50.00%"), (0.99999, ">99.99%"), (1, "100.00%")],
)
def test_shares(part: float, text: str) -> None:
    assert shown.share(part) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "-"), (0.0, "0"), (-3.0, "-3"), (1234567.0, "1,234,567"), (0.123456, "0.12346"),
        (1e300, "1.0000e+300"), (1.5e-7, "1.5000e-07"), (float("-inf"), "-∞"),
    ],
)  # fmt: skip
def test_figures(number: float | None, text: str) -> None:
    assert shown.figure(number) == text


def test_moments() -> None:
    assert shown.moment(0) == "1970-01-01"
    assert shown.moment(1_577_880_000) == "2020-01-01 12:00"
    assert shown.moment(-86_400 * 365) == "1969-01-01"
    assert shown.moment(1e15) == "1.0000e+15"
    assert shown.clock(3723.0) == "1:02:03"


def test_values() -> None:
    assert shown.value("abc", most=3) == "abc"
    assert shown.value("abcd", most=3) == "abc… (4 characters)"
    assert shown.value("abc", 1000, most=3) == "abc… (1,000 characters)"
    assert shown.value("a\x1b[0m\u202e\n") == "a\\u001b[0m\\u202e\\u000a"
    assert shown.name_of(" ") == "' '"


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        (pl.Int64(), "Int64"), (pl.Datetime("us"), "Datetime"),
        (pl.Datetime("ns", "UTC"), "Datetime UTC"), (pl.List(pl.String), "List(String)"),
        (pl.Struct({"a": pl.Int8}), "Struct"), (pl.Array(pl.Float32, 3), "Array(Float32)"),
    ],
)  # fmt: skip
def test_types(dtype: pl.DataType, text: str) -> None:
    assert shown.dtype(dtype) == text
