import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import SchemaError
from features.transforms.text import canonical, written

MOMENT = dt.datetime(2024, 1, 31, 1, 2, 3, 500_000)


def texts(series: pl.Series) -> list[str | None]:
    expression = canonical(pl.col("x"), series.dtype, "x")
    found = series.to_frame("x").select(expression).to_series()
    assert found.dtype == pl.String
    return found.to_list()


TEXTUAL = (pl.String, pl.Categorical, pl.Enum(["7", "0", "8"]))
NUMBERS = (pl.Int8, pl.UInt16, pl.Int64, pl.UInt64, pl.Int128, pl.Float32, pl.Float64)
DECIMALS = (pl.Decimal(10, 0), pl.Decimal(10, 2))


@pytest.mark.parametrize("dtype", [*TEXTUAL, *NUMBERS, *DECIMALS], ids=str)
def test_one_id_has_one_text_whatever_its_type(dtype: Any) -> None:
    source: list[Any] = ["7", None, "0"] if dtype in TEXTUAL else [7, None, 0]
    assert texts(pl.Series(source).cast(dtype)) == ["7", None, "0"]


def test_booleans_are_the_integers_they_stand_for() -> None:
    assert texts(pl.Series([True, False, None])) == ["1", "0", None]


def test_floats() -> None:
    values = [-0.0, -3.0, 0.5, 2.0**53 - 1, float("nan"), None, float("inf"), -float("inf")]
    expected = ["0", "-3", "0.5", "9007199254740991", None, None, "inf", "-inf"]
    assert texts(pl.Series(values)) == expected


def test_a_float_names_no_integer_that_it_cannot_tell_from_the_next() -> None:
    assert texts(pl.Series([2.0**53])) != texts(pl.Series([2**53]))


@given(st.integers(-(2**53) + 1, 2**53 - 1))
@settings(deadline=None, max_examples=50)
def test_integers_and_floats_agree(value: int) -> None:
    assert texts(pl.Series([value])) == texts(pl.Series([float(value)])) == [str(value)]


def test_the_extremes_of_64_bits_are_exact() -> None:
    assert texts(pl.Series([-(2**63), 2**63 - 1])) == [str(-(2**63)), str(2**63 - 1)]
    assert texts(pl.Series([2**64 - 1], dtype=pl.UInt64)) == [str(2**64 - 1)]


def test_decimals_are_written_as_short_as_they_can_be() -> None:
    values = [Decimal("7.10"), Decimal("-0.50"), Decimal("100.00"), Decimal("0.00"), None]
    assert texts(pl.Series(values)) == ["7.1", "-0.5", "100", "0", None]
    assert texts(pl.Series([Decimal(700)], dtype=pl.Decimal(10, 0))) == ["700"]


def test_the_empty_text_is_missing_and_the_rest_is_kept_as_it_is() -> None:
    values = ["", " ", "007", "NaN", "null", "7.0", "'", "🦀", None]
    expected = [None, " ", "007", "NaN", "null", "7.0", "'", "🦀", None]
    assert texts(pl.Series(values)) == expected
    assert texts(pl.Series(values, dtype=pl.Categorical)) == expected


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_moment_is_the_same_in_any_unit(unit: Any) -> None:
    series = pl.Series([MOMENT, dt.datetime(2024, 1, 1), None]).cast(pl.Datetime(unit))
    assert texts(series) == ["2024-01-31 01:02:03.500", "2024-01-01 00:00:00", None]


def test_dates_times_and_zones() -> None:
    assert texts(pl.Series([dt.date(2024, 1, 31), None])) == ["2024-01-31", None]
    times = pl.Series([dt.time(1, 2, 3), dt.time(1, 2, 3, 4), None])
    assert texts(times) == ["01:02:03", "01:02:03.000004", None]
    here = pl.Series([MOMENT]).dt.replace_time_zone("Asia/Tokyo")
    assert texts(here) == ["2024-01-31 01:02:03.500+09:00"]


def test_a_column_without_values_is_missing_throughout() -> None:
    assert texts(pl.Series([None, None])) == [None, None]


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([[1]]),
        pl.Series([{"a": 1}]),
        pl.Series([b"a"]),
        pl.Series([dt.timedelta(1)]),
        pl.Series([object()], dtype=pl.Object),
    ],
    ids=lambda series: str(series.dtype),
)
def test_what_names_nothing_is_refused(series: pl.Series) -> None:
    with pytest.raises(SchemaError, match=r"Column 'city' must hold text, .* it holds"):
        canonical(pl.col("city"), series.dtype, "city")


def test_written_differs_from_canonical_in_the_empty_text_alone() -> None:
    frame = pl.DataFrame({"x": ["", "a", None]})
    assert frame.select(written(pl.col("x"), pl.String(), "x")).to_series().equals(frame["x"])
    numbers = pl.DataFrame({"x": [1.0, float("nan"), 0.5]})
    both = [make(pl.col("x"), pl.Float64(), "x") for make in (written, canonical)]
    assert numbers.select(both[0]).equals(numbers.select(both[1]))
