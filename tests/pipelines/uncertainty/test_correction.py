import numpy as np
import pytest
from scipy.stats import false_discovery_control

from pipelines.uncertainty.correction import adjusted


def test_holm_by_hand() -> None:
    # .01 * 4, .02 * 3, .03 * 2 (raised to .06), .5 * 1
    assert adjusted([0.03, 0.01, 0.5, 0.02], "holm") == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert adjusted([0.9, 0.8], "holm") == [1, 1]


def test_benjamini_hochberg_is_scipys() -> None:
    p = np.random.default_rng(0).random(50) ** 2
    np.testing.assert_allclose(adjusted(list(p), "bh"), false_discovery_control(p))


def test_what_was_not_tested_is_no_test() -> None:
    found = adjusted([0.02, float("nan"), 0.5], "holm")
    assert found[0] == pytest.approx(0.04)
    assert np.isnan(found[1])
    assert adjusted([0.02, 0.5], "none") == [0.02, 0.5]
    assert adjusted([], "bh") == []
