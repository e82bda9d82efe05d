import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.errors import DataError, SchemaError
from features.layout import NumericField
from features.plan import Plan
from features.transforms.numeric import Numeric
from features.transforms.transform import Roles

LARGEST = float(np.finfo(np.float32).max)
NAN, INF = math.nan, math.inf
SCALES = {True: "standard", False: "none"}


def learned(values: pl.Series, **options: Any) -> tuple[Numeric, Any]:
    feature = Numeric(name="p", column="price", **options)
    statistic = feature.observe(values.to_frame("price"), Roles())
    return feature, feature.finalize(statistic, Path())


def encoded(feature: Numeric, state: Any, values: pl.Series) -> list[float]:
    plan = Plan([(feature, state)], [], {"price": values.dtype})
    found = plan({"price": values}, len(values)).frame(plan.layout)
    assert found.schema == {"p": pl.Float32}
    assert found["p"].is_finite().all()
    assert found["p"].null_count() == 0
    return found["p"].to_list()


def both(train: list[Any], serve: list[Any] | None = None, **options: Any) -> list[float]:
    feature, state = learned(pl.Series(train, strict=False), **options)
    return encoded(feature, state, pl.Series(train if serve is None else serve, strict=False))


def test_standardized_by_hand() -> None:
    # mean 4, variance (9 + 1 + 16) / 3
    std = math.sqrt(26 / 3)
    assert both([1, 3, 8]) == pytest.approx([-3 / std, -1 / std, 4 / std])


def test_logged_by_hand() -> None:
    # With a = log 2: 0, a and 2a have the mean a and the variance 2 a^2 / 3; -1 becomes -a.
    side = math.sqrt(3 / 2)
    assert both([0, 1, 3], log=True) == pytest.approx([-side, 0, side], abs=1e-6)
    assert both([0, 1, 3], [-1], log=True) == pytest.approx([-2 * side])


def test_as_it_is() -> None:
    assert both([1.5, -2.0, 8.0], scale="none") == [1.5, -2.0, 8.0]
    logged = both([0.0, math.e - 1, 1 - math.e], scale="none", log=True)
    assert logged == pytest.approx([0, 1, -1])


def test_missing_is_the_mean() -> None:
    assert both([1, None, 3]) == [-1, 0, 1]
    assert both([1.0, 3.0], [NAN, INF, -INF, None]) == [0, 0, 0, 0]
    assert both([1, None, 3], scale="none") == [1, 2, 3]
    assert both([0, None, 3], log=True, scale="none")[1] == pytest.approx(math.log(2))


def test_missing_is_the_fill_and_counts_as_such() -> None:
    assert both([1.0, NAN, None], fill=4) == pytest.approx([-math.sqrt(2), *[math.sqrt(0.5)] * 2])
    assert both([0, 3], [None, 3], fill=3, log=True, scale="none") == [
        pytest.approx(math.log(4)),
        pytest.approx(math.log(4)),
    ]


@given(st.floats(-1e6, 1e6), st.booleans(), st.booleans())
@settings(deadline=None, max_examples=50)
def test_a_missing_number_is_encoded_as_its_fill(fill: float, log: bool, scale: bool) -> None:
    missing, given_ = both([1, 2, 7], [None, fill], fill=fill, log=log, scale=SCALES[scale])
    assert missing == given_


@pytest.mark.parametrize("value", [0.1, 7, -3e38, 1e300, 5e-324])
def test_a_constant_column_is_zero(value: float) -> None:
    assert both([value] * 10) == [0.0] * 10
    assert both([value] * 3, [value, None]) == [0.0, 0.0]


def test_a_constant_column_keeps_its_scale_for_other_values() -> None:
    assert both([0.1] * 10, [1.1]) == [1.0]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "values",
    [[1e300, -1e300, 1.0], [1.7e308, 1.7e308, -1.7e308], [2**63 - 1, -(2**63), 0], [5e-324, 0.0]],
)
def test_huge_numbers_stay_finite_and_in_order(values: list[float], log: bool) -> None:
    for scale in ("standard", "none"):
        found = both(values, log=log, scale=scale)
        order = np.argsort(values, kind="stable")
        assert (np.diff(np.array(found)[order]) >= 0).all()
        assert max(found) > min(found) or max(values) < 1e-300


def test_beyond_float32_is_its_last_number() -> None:
    assert both([1.0], [1e300, -1e300, 4e38], scale="none") == [LARGEST, -LARGEST, LARGEST]
    assert both([0.0, 1e-30], [1e30, -1e30]) == [LARGEST, -LARGEST]


ANY = st.lists(st.none() | st.floats(width=64), min_size=1, max_size=20)
USUAL = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
SOME = st.lists(st.none() | USUAL | st.sampled_from([NAN, INF, -INF]), min_size=1, max_size=20)


@given(ANY, ANY, st.booleans(), st.booleans())
@settings(deadline=None, max_examples=60)
def test_whatever_comes_is_encoded_as_finite_numbers(
    train: list[float | None], serve: list[float | None], log: bool, scale: bool
) -> None:
    feature, state = learned(
        pl.Series([1.0, *train], dtype=pl.Float64), log=log, scale=SCALES[scale]
    )
    assert len(encoded(feature, state, pl.Series(serve, dtype=pl.Float64))) == len(serve)


@given(SOME, SOME, st.booleans(), st.booleans(), st.none() | USUAL)
@settings(deadline=None, max_examples=100)
def test_agrees_with_numpy(
    train: list[float | None], serve: list[float | None], log: bool, scale: bool, fill: float | None
) -> None:
    def numbers(values: list[float | None]) -> np.ndarray:
        found = np.array([NAN if one is None else one for one in values])
        found[~np.isfinite(found)] = NAN if fill is None else fill
        return np.sign(found) * np.log1p(np.abs(found)) if log else found

    seen, asked = numbers([0.0, *train]), numbers(serve)
    mean, std = np.nanmean(seen), np.nanstd(seen)
    expected = np.where(np.isnan(asked), mean, asked)
    if scale:
        expected = (expected - mean) / (std or 1.0)
    feature, state = learned(
        pl.Series([0.0, *train], dtype=pl.Float64), log=log, scale=SCALES[scale], fill=fill
    )
    found = encoded(feature, state, pl.Series(serve, dtype=pl.Float64))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt64, pl.Float32, pl.Decimal(9, 2), pl.Boolean])
def test_types_may_drift(dtype: Any) -> None:
    feature, state = learned(pl.Series([0.0, 1.0, None]))
    assert encoded(feature, state, pl.Series([0, 1, None]).cast(dtype)) == [-1, 1, 0]


def test_no_values_and_no_rows() -> None:
    feature, state = learned(pl.Series([Decimal("1"), Decimal("3")]))
    assert encoded(feature, state, pl.Series([None, None])) == [0, 0]
    assert encoded(feature, state, pl.Series([], dtype=pl.Null)) == []
    assert encoded(feature, state, pl.Series([], dtype=pl.Int64)) == []


@pytest.mark.parametrize("values", [[None, None], [NAN, INF], []])
def test_a_column_without_numbers_teaches_nothing(values: list[float | None]) -> None:
    with pytest.raises(DataError, match=f"Column 'price' must hold numbers.* all {len(values)} "):
        learned(pl.Series(values, dtype=pl.Float64))


def test_a_fill_teaches_even_there() -> None:
    feature, state = learned(pl.Series([None, None]), fill=2.0)
    assert encoded(feature, state, pl.Series([None, 2, 3])) == [0, 0, 1]


@pytest.mark.parametrize("dtype", [pl.String(), pl.Date(), pl.List(pl.Int64()), pl.Categorical()])
def test_what_is_no_number_is_refused(dtype: pl.DataType) -> None:
    feature = Numeric(name="p", column="price")
    with pytest.raises(SchemaError, match="Column 'price' must hold numbers; it holds"):
        feature.read(dtype)


@pytest.mark.parametrize("fill", [NAN, INF, -INF])
def test_a_fill_is_a_number(fill: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Numeric(name="p", column="price", fill=fill)


def test_key_and_field() -> None:
    feature, state = learned(pl.Series([1.0]))
    assert feature.key == "numeric:p"
    assert feature.field(state) == NumericField(name="p")
