"""Lift and Gain against hand-worked numbers and laws."""

import numpy as np
import pytest

from features.errors import DataError
from pipelines.metrics.lift import Gain, Lift
from pipelines.metrics.predictions import Predictions

TEN = Predictions(
    [1, 1, 0, 1, 0, 0, 0, 0, 0, 1], [0.95, 0.85, 0.75, 0.65, 0.55, 0.45, 0.35, 0.25, 0.15, 0.05]
)


def test_by_hand() -> None:
    assert Gain(0.2).compute(TEN) == pytest.approx(2 / 4)
    assert Lift(0.2).compute(TEN) == pytest.approx(2 / 4 / 0.2)
    assert Gain(0.5).compute(TEN) == pytest.approx(3 / 4)
    assert Gain(0.05).compute(TEN) == pytest.approx(1 / 8)  # half of the first row
    assert Gain(1).compute(TEN) == Lift(1).compute(TEN) == 1.0


def test_of_tied_rows_the_part_that_fits_counts() -> None:
    # Two of four rows: the first, and a third of the three tied, which hold two clicks.
    data = Predictions([0, 1, 0, 1], [0.9, 0.5, 0.5, 0.5])
    assert Gain(0.5).compute(data) == pytest.approx(1 / 3)
    assert Lift(0.3).compute(Predictions([1, 0, 0], [2, 2, 2])) == pytest.approx(1.0)


def test_the_share_is_of_the_weight() -> None:
    data = Predictions([1, 0, 1], [0.9, 0.5, 0.1], [3, 6, 1])
    assert Gain(0.3).compute(data) == pytest.approx(3 / 4)
    assert Gain(0.9).compute(data) == pytest.approx(3 / 4)


def test_a_perfect_order_has_the_greatest_lift() -> None:
    random = np.random.default_rng(0)
    labels = random.random(1000) < 0.3
    assert Lift(0.1).compute(Predictions(labels, labels)) == pytest.approx(1 / labels.mean())
    data = Predictions(labels, random.random(1000))
    gains = [Gain(share).compute(data) for share in np.linspace(0.05, 1, 20)]
    assert gains == sorted(gains)


def test_without_positives_it_is_refused() -> None:
    for metric in (Gain(0.1), Lift(0.1)):
        with pytest.raises(DataError, match="needs a label of 1 .* got none in 2 rows"):
            metric.compute(Predictions([0, 0], [0.1, 0.2]))
