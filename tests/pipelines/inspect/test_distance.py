import math
import warnings

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from features.sketches.histogram import Histogram
from pipelines.inspect.distance import kolmogorov_smirnov, psi

NUMBERS = st.lists(st.floats(-1e6, 1e6) | st.integers(-5, 5), min_size=1, max_size=40)
rng = np.random.default_rng(0)


def of(values: object, limit: int = 1 << 18) -> Histogram:
    return Histogram.of(pl.Series(values, dtype=pl.Float64, strict=False), limit=limit)


def test_psi_by_hand() -> None:
    # 2 parts: (30.5, 10.5) / 41 against (10.5, 30.5) / 41.
    expected = 2 * (20 / 41) * math.log(30.5 / 10.5)
    assert psi([30, 10], [10, 30]) == pytest.approx(expected)


def test_psi_of_an_empty_part_by_hand() -> None:
    # (99.5, 0.5) / 100 against (50, 50) / 100
    expected = (0.5 - 0.995) * math.log(0.5 / 0.995) + (0.5 - 0.005) * math.log(0.5 / 0.005)
    assert psi([99, 0], [99, 99]) == pytest.approx(expected, rel=0.02)
    assert math.isfinite(psi([5, 0], [0, 5]))


def test_psi_of_the_same_shares_is_nothing() -> None:
    assert psi([10, 20, 30], [10, 20, 30]) == 0
    assert psi([1000, 2000], [10_000, 20_000]) == pytest.approx(0, abs=1e-6)


def test_the_noise_of_psi_is_as_stated() -> None:
    shares = np.full(10, 0.1)
    draws = [psi(rng.multinomial(500, shares), rng.multinomial(2000, shares)) for _ in range(300)]
    assert np.mean(draws) == pytest.approx(9 * (1 / 500 + 1 / 2000), rel=0.1)


def test_ks_by_hand() -> None:
    # At 2, three quarters of A and a quarter of B are reached.
    found = kolmogorov_smirnov(of([1, 1, 2, 4]), of([2, 3, 3, 4]))
    assert found is not None
    assert (found.value, found.error) == (0.5, 0)


@given(NUMBERS, NUMBERS, st.sampled_from([1 << 18, 8, 2]))
@settings(deadline=None, max_examples=150)
def test_the_ks_of_scipy_is_within_the_error(a: list[float], b: list[float], limit: int) -> None:
    found = kolmogorov_smirnov(of(a, limit), of(b, limit))
    with warnings.catch_warnings():  # of its p-value, which is not asked for
        warnings.simplefilter("ignore")
        expected = ks_2samp(a, b, method="asymp").statistic
    assert found is not None
    assert found.value - 1e-12 <= expected <= found.value + found.error + 1e-12


@pytest.mark.parametrize("shift", [0.0, 0.1, 2.0])
def test_ks_of_many_numbers_is_nearly_exact(shift: float) -> None:
    a, b = rng.lognormal(0, 2, 20_000), rng.lognormal(shift, 2, 15_000)
    found = kolmogorov_smirnov(of(a), of(b))
    assert found is not None
    assert found.value == pytest.approx(ks_2samp(a, b).statistic, abs=1e-3)
    assert found.error < 1e-3


def test_whole_numbers_have_no_error() -> None:
    a, b = rng.integers(0, 1000, 5000), rng.integers(100, 1100, 5000)
    found = kolmogorov_smirnov(of(a), of(b))
    assert found is not None
    assert found.error == 0
    assert found.value == pytest.approx(ks_2samp(a, b).statistic, abs=1e-12)


def test_without_numbers_there_is_no_distance() -> None:
    assert kolmogorov_smirnov(of([]), of([1])) is None
    assert kolmogorov_smirnov(of([1]), of([math.nan])) is None
