import numpy as np
import polars as pl
import pytest

from features.sketches.histogram import Histogram
from pipelines.inspect.bars import bars

rng = np.random.default_rng(0)


def of(values: object) -> Histogram:
    return Histogram.of(pl.Series(values, dtype=pl.Float64))


def test_few_values_have_a_bar_each() -> None:
    found = bars(of([1, 1, 5]), whole=True)
    assert found.each
    assert (found.edges, found.counts) == ((1.0, 5.0), (2, 1))


def test_even_numbers_are_on_a_linear_scale_without_the_ends() -> None:
    values = rng.normal(size=10_000)
    found = bars(of(values), whole=False)
    assert found.unit is None
    expected, _ = np.histogram(values, found.edges)
    assert np.abs(np.array(found.counts) - expected).max() <= 2  # of a bucket on an edge
    assert sum(found.counts) + found.beyond == 10_000
    assert 50 <= found.beyond <= 150


def test_bars_of_whole_numbers_are_whole_steps() -> None:
    found = bars(of(rng.integers(0, 100, 10_000)), whole=True)
    assert set(np.diff(found.edges)) == {3.0}
    assert len(set(found.counts)) > 5
    assert min(found.counts[1:-1]) > 200


@pytest.mark.parametrize("sign", [1, -1])
def test_long_tails_are_on_a_log_scale(sign: int) -> None:
    values = sign * rng.lognormal(0, 3, 10_000)
    found = bars(of(values), whole=False)
    quarter = np.quantile(values, 0.25, method="inverted_cdf")
    assert found.unit == pytest.approx(abs(quarter), rel=2**-17)
    assert sum(found.counts) == 10_000
    steps = np.diff(np.arcsinh(np.array(found.edges) / found.unit))
    assert steps == pytest.approx(np.full(40, steps[0]))


@pytest.mark.parametrize(
    "values",
    [np.full(99, 7.0), rng.normal(size=500) * 1e300, rng.integers(1, 2**40, 500) * 5e-324],
    ids=["constant", "huge", "subnormal"],
)
def test_extremes_keep_their_rows(values: np.ndarray) -> None:  # type: ignore[type-arg]
    found = bars(of(values), whole=False)
    assert sum(found.counts) + found.beyond == len(values)
