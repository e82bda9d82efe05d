"""PCOC and ECE against hand-worked numbers and laws."""

import numpy as np
import pytest

from features.errors import DataError
from pipelines.metrics.calibration import ECE, PCOC
from pipelines.metrics.predictions import Predictions


def test_pcoc_by_hand() -> None:
    assert PCOC().compute(Predictions([1, 0, 0, 1], [0.5, 0.5, 0.25, 0.25])) == 0.75
    assert PCOC().compute(Predictions([1, 0], [0.5, 0.25], [1, 3])) == pytest.approx(1.25)


def test_ece_by_hand() -> None:
    data = Predictions([1, 0, 0, 1], [0.75, 0.125, 0.25, 0.5])
    # Two bins: {0.125, 0.25} against 0 clicks, {0.5, 0.75} against 2; then one bin, then four.
    assert ECE(2).compute(data) == (0.375 + 0.75) / 4
    assert ECE(1).compute(data) == 0.375 / 4
    assert ECE(4).compute(data) == (0.125 + 0.25 + 0.5 + 0.25) / 4
    assert ECE(999).compute(data) == ECE(4).compute(data)


def test_bins_hold_equal_mass_not_equal_width() -> None:
    # By width the first three rows would share a bin.
    data = Predictions([0, 0, 0, 1], [0.125, 0.25, 0.375, 0.75])
    assert ECE(2).compute(data) == (0.375 + 0.125) / 4
    heavy = Predictions([0, 0, 1, 1], [0.125, 0.25, 0.875, 1.0], [6, 1, 1, 1])
    # The first row alone fills the lower bin (its middle, 3 of 9); the rest are above 4.5.
    assert ECE(2).compute(heavy) == pytest.approx((0.75 + abs(0.25 - 0.125)) / 9)


def test_a_row_goes_to_the_bin_of_its_middle() -> None:
    # Weights 4, 4, 1 of 9: the second row starts in the lower bin, its middle, 6, is above 4.5.
    data = Predictions([0, 1, 0], [0.25, 0.5, 0.75], [4, 4, 1])
    assert ECE(2).compute(data) == pytest.approx((4 * 0.25 + abs(0.75 - 4 * 0.5)) / 9)
    # The middle of the second of three rows is on the edge, and so above it.
    data = Predictions([0, 1, 0], [0.25, 0.5, 0.75])
    assert ECE(2).compute(data) == pytest.approx((0.25 + abs(0.75 - 0.5)) / 3)


def test_rows_of_one_score_share_a_bin() -> None:
    data = Predictions([1, 0] * 50, np.full(100, 0.5))
    assert ECE(10).compute(data) == 0
    order = np.argsort(data.labels, kind="stable")
    assert ECE(10).compute(Predictions(data.labels[order], data.scores[order])) == 0


def test_ece_matches_equal_chunks_where_scores_are_distinct() -> None:
    random = np.random.default_rng(0)
    scores = random.permutation(1000) / 1000
    labels = (random.random(1000) < scores**2).astype(float)
    chunks = np.array_split(np.argsort(scores), 20)
    expected = sum(abs((scores[c] - labels[c]).mean()) * c.size for c in chunks) / 1000
    assert ECE(20).compute(Predictions(labels, scores)) == pytest.approx(expected, rel=1e-12)
    assert expected > 0.05


@pytest.mark.parametrize("metric", [PCOC(), ECE(20)])
def test_refuses_what_is_no_probability_of_a_class(metric: PCOC | ECE) -> None:
    with pytest.raises(DataError, match="scores that are probabilities"):
        metric.compute(Predictions([0, 1], [1.5, 0.5]))
    with pytest.raises(DataError, match="labels of 0 or 1"):
        metric.compute(Predictions([0, 3], [0.5, 0.5]))


def test_pcoc_needs_a_positive() -> None:
    with pytest.raises(DataError, match="label of 1 with positive weight; got none in 2 rows"):
        PCOC().compute(Predictions([0, 1], [0.5, 0.5], [1, 0]))
