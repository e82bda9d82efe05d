import numpy as np
import pytest

from pipelines.metrics.calibration import ECE
from pipelines.metrics.predictions import Predictions
from pipelines.report.bins import bins, equal_mass, wilson


def test_bins_by_hand() -> None:
    data = Predictions(np.array([0.0, 1, 1, 0]), np.array([0.2, 0.4, 0.9, 0.7]))
    found = bins(np.array([0, 0, 2, 2]), data, None)
    assert list(found) == [0, 2]
    assert (found[0].rows, found[0].positives, found[0].observed) == (2, 1, 0.5)
    assert found[2].predicted == pytest.approx(0.8)
    assert (found[0].low, found[0].high) == pytest.approx((0.09453, 0.90547), abs=1e-5)


def test_wilson_is_within_0_and_1_and_holds_the_rate() -> None:
    for rate in (0.0, 0.01, 0.5, 1.0):
        for rows in (1, 3, 1e6):
            low, high = wilson(rate, rows)
            assert 0 <= low <= rate <= high <= 1
            assert low < high


def test_rows_of_a_cluster_that_agree_count_once() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 200).astype(float)
    many = Predictions(np.repeat(label, 10), np.full(2_000, 0.5))
    one = bins(np.zeros(200, np.intp), Predictions(label, np.full(200, 0.5)), None)[0]
    codes = np.zeros(2_000, np.intp)
    clustered = bins(codes, many, np.repeat(np.arange(200), 10))[0]
    assert (clustered.low, clustered.high) == pytest.approx((one.low, one.high), abs=2e-3)
    alone = bins(codes, many, None)[0]
    assert alone.high - alone.low < 0.4 * (one.high - one.low)


def test_intervals_hold_the_truth_of_clustered_rows() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        rate = rng.beta(2, 8, 60).repeat(8)  # of mean 0.2
        data = Predictions((rng.random(480) < rate).astype(float), np.full(480, 0.2))
        one = bins(np.zeros(480, np.intp), data, np.arange(60).repeat(8))[0]
        held += one.low <= 0.2 <= one.high
    assert 0.92 <= held / 300 <= 0.98


def test_equal_mass_bins_are_those_of_the_calibration_error() -> None:
    rng = np.random.default_rng(2)
    scores = np.round(rng.random(1_000), 2)
    weights = rng.integers(0, 4, 1_000).astype(float)
    data = Predictions((rng.random(1_000) < scores).astype(float), scores, weights)
    found = bins(equal_mass(data, 20), data, None)
    codes = equal_mass(data, 20)
    mass = np.bincount(codes, weights)
    error = sum(mass[k] * abs(one.predicted - one.observed) for k, one in found.items())
    assert error / weights.sum() == pytest.approx(ECE(bins=20).compute(data))


def test_weights_count_as_rows_do() -> None:
    data = Predictions(np.array([0.0, 1, 1]), np.array([0.2, 0.4, 0.9]), np.array([2.0, 1, 0]))
    found = bins(np.array([0, 0, 1]), data, None)
    assert list(found) == [0]
    assert found[0].observed == pytest.approx(1 / 3)
