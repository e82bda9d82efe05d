"""The scales of numbers against NumPy, the statistics library and scikit-learn."""

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.preprocessing import QuantileTransformer

from features.fit import fit
from features.schema import Schema
from features.transforms.numeric import Numeric

ANY = settings(deadline=None, max_examples=60)
LARGEST = float(np.finfo(np.float32).max)
RANKED = ["quantile", "rank_gauss"]
SCALES = ["standard", "min_max", "none", *RANKED]


def encoded(train: Any, serve: Any = None, **options: Any) -> np.ndarray:
    schema = Schema.model_validate({"features": [{"type": "numeric", "column": "x", **options}]})
    seen = pl.DataFrame({"x": pl.Series(train, dtype=pl.Float64)})
    asked = seen if serve is None else pl.DataFrame({"x": pl.Series(serve, dtype=pl.Float64)})
    found = fit(schema, [seen]).batch(asked).numerics[:, 0]
    assert np.isfinite(found).all()
    return found


def drawn(rows: int = 5000) -> np.ndarray:
    return np.random.default_rng(0).lognormal(0, 2, rows)


def test_min_max_by_hand() -> None:
    assert encoded([2, 4, 6, None], scale="min_max").tolist() == [0, 0.5, 1, 0.5]
    assert encoded([2, 4, 6], [0, 8, None], scale="min_max").tolist() == [-0.5, 1.5, 0.5]
    assert encoded([7, 7], [7, 8, None], scale="min_max").tolist() == [0, 1, 0]


def test_clip_by_hand() -> None:
    clipped = {"clip": [0, 10]}
    asked = [-5, 0, 5, 10, 99, None, math.inf]
    assert encoded([0, 10], asked, scale="min_max", **clipped).tolist() == [
        0,
        0,
        0.5,
        1,
        1,
        0.5,
        0.5,
    ]
    # What is cut is cut before it is learned from, and before its log.
    assert encoded([-99, 99], scale="standard", **clipped).tolist() == [-1, 1]
    found = encoded([-5, 99], asked, scale="none", log=True, **clipped)
    expected = np.log1p([0, 0, 5, 10, 10, math.expm1(math.log(11) / 2), 0])
    assert found[:6] == pytest.approx(expected[:6])


def test_a_fill_is_cut_and_scaled_as_any_value() -> None:
    for scale in SCALES:
        options = {"scale": scale, "log": True, "clip": [0, 10]}
        fill, given_ = encoded([1, 2, 30, None], [None, 99], fill=99, **options)
        assert fill == given_


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("scale", SCALES)
def test_a_clip_as_wide_as_numbers_are_overflows_nothing(scale: str, log: bool) -> None:
    ends = [-1.7e308, 1.7e308]
    low, middle, high = encoded([*ends, 0], [ends[0], 0, ends[1]], scale=scale, clip=ends, log=log)
    assert -LARGEST <= low < middle < high <= LARGEST


NUMBERS = st.lists(st.floats(-1e6, 1e6).map(lambda one: round(one, 3)), min_size=1, max_size=50)


@given(NUMBERS, NUMBERS, st.booleans())
@ANY
def test_min_max_agrees_with_numpy(train: list[float], serve: list[float], log: bool) -> None:
    seen, asked = (np.sign(x) * np.log1p(np.abs(x)) if log else np.array(x) for x in (train, serve))
    span = np.max(seen) - np.min(seen)
    expected = (asked - np.min(seen)) / (span or 1)
    np.testing.assert_allclose(
        encoded(train, serve, scale="min_max", log=log), expected, rtol=1e-5, atol=1e-6
    )


def test_ranks_by_hand() -> None:
    # Of 4 values each stands for a quarter: the first from rank 0 on, the last up to 1.
    found = encoded([10, 20, 30, 40], [5, 10, 20, 25, 40, 99, None], scale="quantile")
    expected = [0.125, 0.125, 0.3755, 0.5005, 0.8755, 0.8755, 0.3755]
    assert found == pytest.approx(expected, abs=1e-3)
    assert encoded([7, 7, 7], [6, 7, 8, None], scale="quantile").tolist() == [0.5] * 4
    assert encoded([7, 7, 7], [6, 7, 8, None], scale="rank_gauss").tolist() == [0] * 4


def test_ties_are_at_their_middle() -> None:
    found = encoded([0] * 90 + [1] * 10, [0, 1], scale="quantile")
    assert found == pytest.approx([0.45, 0.95], abs=1e-3)


@pytest.mark.parametrize("log", [False, True])
def test_quantiles_agree_with_scikit_learn(log: bool) -> None:
    values = drawn()
    asked = np.concatenate([np.quantile(values, np.linspace(0, 1, 777)), [-5, 1e6]])
    expected = QuantileTransformer(n_quantiles=1001, subsample=None).fit(values[:, None])
    found = encoded(values, asked, scale="quantile", log=log)
    # A step of 1/1000 at most, where scikit-learn draws its line between other values.
    np.testing.assert_allclose(found, expected.transform(asked[:, None])[:, 0], atol=1.1e-3)


def test_ties_agree_with_scikit_learn() -> None:
    values = np.random.default_rng(1).poisson(2, 5000).astype(float)
    expected = QuantileTransformer(n_quantiles=1001, subsample=None).fit(values[:, None])
    asked = np.arange(1, values.max())  # it sends the least to 0 and the largest to 1, tied or not
    found = encoded(values, asked, scale="quantile")
    np.testing.assert_allclose(found, expected.transform(asked[:, None])[:, 0], atol=1.1e-3)


def test_rank_gauss_agrees_with_scikit_learn() -> None:
    values = drawn()
    expected = QuantileTransformer(
        n_quantiles=1001, subsample=None, output_distribution="normal"
    ).fit(values[:, None])
    asked = np.quantile(values, np.linspace(0.01, 0.99, 99))
    found = encoded(values, asked, scale="rank_gauss")
    np.testing.assert_allclose(found, expected.transform(asked[:, None])[:, 0], atol=0.03)
    everyone = encoded(values, scale="rank_gauss")
    assert everyone.mean() == pytest.approx(0, abs=0.01)
    assert everyone.std() == pytest.approx(1, abs=0.02)


def test_the_ends_of_rank_gauss() -> None:
    low, high = encoded(drawn(), [-1, 1e9], scale="rank_gauss")
    assert [low, high] == pytest.approx([NormalDist().inv_cdf(1e-7), -NormalDist().inv_cdf(1e-7)])


def test_quantiles_are_uniform_and_missing_is_the_median() -> None:
    values = drawn()
    found = encoded(values, scale="quantile")
    assert np.histogram(found, 20, (0, 1))[0] == pytest.approx(np.full(20, 250), abs=15)
    assert encoded(values, [None, math.inf], scale="quantile") == pytest.approx([0.5] * 2, abs=1e-3)


@given(
    st.lists(st.none() | st.floats(), min_size=1, max_size=40),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=20),
    st.sampled_from(RANKED),
    st.booleans(),
)
@ANY
def test_ranks_are_in_the_order_of_the_numbers(
    train: list[float | None], serve: list[float], scale: str, log: bool
) -> None:
    found = encoded([1.0, *train], sorted(serve), scale=scale, log=log)
    assert (np.diff(found) >= 0).all()
    low, high = (0, 1) if scale == "quantile" else (-5.2, 5.2)
    assert low <= found.min() <= found.max() <= high


@pytest.mark.parametrize("clip", [[1, 1], [2, 1], [0, math.inf], [math.nan, 1], [1]])
def test_a_clip_is_two_numbers_in_order(clip: list[float]) -> None:
    with pytest.raises(ValidationError, match="least below most|finite|clip"):
        Numeric.model_validate({"name": "x", "column": "x", "clip": clip})
