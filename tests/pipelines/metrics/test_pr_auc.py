"""PRAUC against scikit-learn and hand-worked numbers."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from features.errors import DataError
from pipelines.metrics.pr_auc import PRAUC
from pipelines.metrics.predictions import Predictions


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("decimals", [2, 9])
def test_is_scikit_learns(weighted: bool, decimals: int) -> None:
    random = np.random.default_rng(0)
    labels, scores = random.random(5000) < 0.1, random.normal(size=5000).round(decimals)
    weights = random.random(5000) if weighted else None
    expected = average_precision_score(labels, scores, sample_weight=weights)
    found = PRAUC().compute(Predictions(labels, scores, weights))
    assert found == pytest.approx(expected, rel=1e-12)


def test_by_hand() -> None:
    # Down to 0.9: 1 of 1; to 0.7, two rows of one score: 2 of 3; to 0.2: 3 of 5.
    data = Predictions([1, 1, 0, 0, 1], [0.9, 0.7, 0.7, 0.3, 0.2])
    assert PRAUC().compute(data) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3, rel=1e-15)
    assert PRAUC().compute(Predictions([1, 0, 0, 0], [7, 7, 7, 7])) == 0.25


def test_rows_of_no_weight_do_not_count() -> None:
    data = Predictions([0, 1, 0], [0.9, 0.5, 0.1], [0, 1, 1])
    assert PRAUC().compute(data) == 1.0


def test_without_positives_it_is_refused() -> None:
    with pytest.raises(DataError, match="PRAUC needs a label of 1 .* got none in 2 rows"):
        PRAUC().compute(Predictions([0, 1], [0.1, 0.2], [1, 0]))
