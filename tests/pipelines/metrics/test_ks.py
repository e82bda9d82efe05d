"""KS against SciPy and hand-worked numbers."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from features.errors import DataError
from pipelines.metrics.ks import KS
from pipelines.metrics.predictions import Predictions


@pytest.mark.parametrize("shift", [-0.5, 0.5])
def test_is_scipys(shift: float) -> None:
    random = np.random.default_rng(0)
    labels = random.random(3000) < 0.2
    scores = (random.normal(size=3000) + shift * labels).round(1)
    expected = ks_2samp(scores[labels], scores[~labels]).statistic
    assert KS().compute(Predictions(labels, scores)) == pytest.approx(expected, rel=1e-12)


def test_by_hand() -> None:
    # Down to 0.8: 1/2 of positives, 0 of negatives; to 0.5: 1/2 and 2/3; to 0.1: all.
    data = Predictions([1, 0, 0, 1, 0], [0.8, 0.5, 0.5, 0.1, 0.1])
    assert KS().compute(data) == 0.5
    assert KS().compute(Predictions([1, 0, 0], [0.3, 0.3, 0.3])) == 0


def test_one_class_is_refused() -> None:
    with pytest.raises(DataError, match="KS needs rows of both classes; all 2 labels .* are 0"):
        KS().compute(Predictions([0, 0], [0.1, 0.2]))
