"""Intervals that hold the truth as often as they say, and tests that agree with SciPy's."""

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError
from scipy.stats import permutation_test

from features.errors import DataError
from ranking.off_policy.compare import compare
from ranking.off_policy.estimate import Estimate, estimate
from ranking.off_policy.ratios import Ratios
from ranking.off_policy.resampling import Resampling

Floats = npt.NDArray[np.float64]


def mean(values: Floats) -> Ratios:
    return Ratios(values[:, None], np.ones((len(values), 1)), np.ones(1))


def made(ratios: Ratios, resampling: Resampling | None = None) -> Estimate:
    return estimate(
        "x", ratios, resampling or Resampling(), unit="rounds", ess=1.0, ess_of="rounds"
    )


def ratios_of(seed: int, units: int = 200, parts: int = 3) -> Ratios:
    rng = np.random.default_rng(seed)
    return Ratios(rng.random((units, parts)), rng.random((units, parts)), rng.random(parts))


def test_values_have_the_mean_and_the_error_of_the_estimate() -> None:
    """The error by the jackknife: leave one unit out."""
    ratios = ratios_of(0)
    units = len(ratios.above)
    assert ratios.values.mean() == pytest.approx(ratios.value)
    keep = [np.arange(units) != one for one in range(units)]
    left = [Ratios(ratios.above[k], ratios.below[k], ratios.scale).value for k in keep]
    jackknife = np.sqrt((units - 1) * np.var(left))
    assert ratios.values.std() / np.sqrt(units) == pytest.approx(jackknife, rel=0.02)


def test_clusters_change_no_value() -> None:
    ratios = ratios_of(1)
    users = np.random.default_rng(0).choice(["a", "b", "c", "d"], 200)
    clustered = ratios.clustered(users)
    assert len(clustered.above) == 4
    assert clustered.value == pytest.approx(ratios.value)


def test_a_part_without_any_below_counts_nothing() -> None:
    ratios = Ratios(np.array([[1.0, 0.0]]), np.array([[2.0, 0.0]]), np.array([1.0, 5.0]))
    assert ratios.value == 0.5


@pytest.mark.parametrize("self_normalised", [False, True])
def test_an_interval_of_nine_tenths_holds_the_truth_in_nine_of_ten_logs(
    self_normalised: bool,
) -> None:
    """Few clicks of heavy weights: the plain normal interval holds it in about four of five."""
    rng = np.random.default_rng(2)
    resampling = Resampling(level=0.9, resamples=400)
    held, normal, logs = 0, 0, 400
    for _ in range(logs):
        weight = np.exp(rng.normal(-0.5, 1, 150))
        click = rng.random(150) < 0.1
        below = weight if self_normalised else np.ones(150)
        ratios = Ratios((weight * click)[:, None], below[:, None], np.ones(1))
        found = resampling.studentised(ratios)
        low, high = found.interval(0.9)
        held += low <= 0.1 <= high
        normal += abs(found.value - 0.1) <= 1.645 * found.error
    assert 0.86 <= held / logs <= 0.94
    assert normal < held


def test_p_is_below_five_hundredths_where_the_interval_leaves_out_nought() -> None:
    rng = np.random.default_rng(3)
    below = 0
    for shift in np.linspace(0, 0.6, 25):
        found = Resampling(resamples=999).studentised(mean(rng.normal(shift, 1, 40)))
        low, high = found.interval(0.95)
        p = found.p_value()
        below += p < 0.05
        if abs(p - 0.05) > 0.01:  # the quantile may stand between two resamples
            assert (p < 0.05) == (not low <= 0 <= high)
    assert 5 < below < 25


def test_sign_flips_are_scipys() -> None:
    values = np.random.default_rng(4).normal(0.4, 1, 10)
    exact = permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    found = Resampling(resamples=20_000).sign_flips(mean(values))
    assert found == pytest.approx(exact, abs=0.01)


def test_sign_flips_of_many_units_are_as_of_few() -> None:
    """In bags too p is uniform where there is nothing: here a p that the normal law gives."""
    values = np.random.default_rng(5).normal(0, 1, 20_000)
    values += 1.5 / np.sqrt(20_000) - values.mean()
    found = Resampling(resamples=4000).sign_flips(mean(values))
    assert found == pytest.approx(0.1336, abs=0.03)


def test_a_difference_is_paired() -> None:
    """Two rankers that share most of their noise differ surely, though their intervals overlap."""
    rng = np.random.default_rng(6)
    shared = rng.exponential(1, 400)
    a = made(mean(shared + rng.normal(0.05, 0.1, 400)))
    b = made(mean(shared))
    assert a.low < b.value < a.high
    found = compare(a, b, names=("debiased", "biased"))
    assert found.value == pytest.approx(a.value - b.value)
    assert found.low > 0
    assert found.p_bootstrap < 0.01
    assert found.p_permutation < 0.01
    assert str(found).startswith("debiased - biased, x +0.0")
    other = compare(b, a)
    assert (other.value, other.p_permutation) == pytest.approx((-found.value, found.p_permutation))


def test_a_ranker_against_itself_differs_by_nothing() -> None:
    one = made(ratios_of(7))
    found = compare(one, one)
    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert (found.p_bootstrap, found.p_permutation) == (1, 1)


def test_the_same_seed_gives_the_same_interval_and_another_seed_nearly() -> None:
    ratios = ratios_of(8, 5000)
    first, again = made(ratios), made(ratios)
    assert (first.low, first.high) == (again.low, again.high)
    other = made(ratios, Resampling(seed=1))
    assert other.low != first.low
    assert other.low == pytest.approx(first.low, abs=0.2 * (first.high - first.low))


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [2.0, 2.0], [3.0]])
def test_values_that_do_not_vary_have_an_interval_of_no_length_and_a_warning(
    values: list[float],
) -> None:
    found = made(mean(np.array(values)))
    assert (found.low, found.value, found.high) == (values[0],) * 3
    assert "the interval is too short" in found.warnings[0]


def test_estimates_of_different_logs_are_not_compared() -> None:
    one = made(ratios_of(0))
    with pytest.raises(DataError, match="one has 200 and the other 100"):
        compare(one, made(ratios_of(0, 100)))
    queries = estimate("x", ratios_of(0), Resampling(), unit="queries", ess=1.0, ess_of="clicks")
    with pytest.raises(DataError, match="x over rounds and x over queries"):
        compare(one, queries)


@pytest.mark.parametrize("bad", [{"level": 1.0}, {"resamples": 10}, {"seed": -1}, {"seeds": 1}])
def test_options_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        Resampling.model_validate(bad)
