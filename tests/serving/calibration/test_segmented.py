from collections.abc import Callable

import numpy as np
import pytest

from serving.calibration.curves import CURVES
from serving.calibration.outcomes import Outcomes
from serving.calibration.platt import Platt
from serving.calibration.segmented import Segmented

LOGITS = np.linspace(-3, 1, 9, dtype=np.float32)


def of(segment: int, rows: int = len(LOGITS)) -> np.ndarray:
    return np.full(rows, segment, np.int32)


@pytest.fixture(scope="module")
def two_sites(clicked: Callable[..., Outcomes]) -> Outcomes:
    """Site 7 clicks more than predicted, site 3 less, by the same factor; 40 rows of site 9."""
    rows, rng = clicked(lambda x: x, rows=60_000), np.random.default_rng(1)
    site = rng.choice([3, 7], 60_000).astype(np.int32)
    site[:40] = 9
    chance = 1 / (1 + np.exp(-(rows.logits + np.where(site == 7, 1.0, -1.0))))
    return Outcomes.of(rows.logits, rng.random(60_000) < chance, None, site)


@pytest.mark.parametrize("kind", list(CURVES))
def test_opposite_biases_are_both_corrected(kind: str, two_sites: Outcomes) -> None:
    fitted = Segmented.fit(kind, "site", two_sites, 1000)
    assert set(fitted.segments) == {3, 7}
    for site, shift in ((3, -1.0), (7, 1.0)):
        found = fitted.logits(LOGITS.astype(np.float64), of(site))
        np.testing.assert_allclose(found, LOGITS + shift, atol=0.3)
    pooled = CURVES[kind].fit(two_sites).bend(LOGITS.astype(np.float64))
    assert np.abs(pooled - LOGITS).max() < 0.6


def test_others_get_the_curve_of_all_rows(two_sites: Outcomes) -> None:
    fitted = Segmented.fit("platt", "site", two_sites, 1000)
    whole = Platt.fit(two_sites)
    assert fitted.default == whole
    for site in (0, 1, 5, 9, 10, 2**31 - 1):  # missing, unseen, between, too few, beyond
        np.testing.assert_array_equal(fitted.apply(LOGITS, of(site)), whole.apply(LOGITS))


def test_each_row_gets_the_curve_of_its_segment(two_sites: Outcomes) -> None:
    fitted = Segmented.fit("beta", "site", two_sites, 1000)
    sites = np.array([7, 3, 9, 7, 1, 3, 3, 0, 7], np.int32)
    expected = [fitted.apply(LOGITS[i : i + 1], sites[i : i + 1])[0] for i in range(9)]
    np.testing.assert_array_equal(fitted.apply(LOGITS, sites), np.array(expected))
    one = CURVES["beta"].fit(two_sites.take(np.flatnonzero(two_sites.segments == 7)))
    np.testing.assert_array_equal(fitted.apply(LOGITS, of(7)), one.apply(LOGITS))


def test_a_segment_that_allows_no_curve_gets_that_of_all_rows(two_sites: Outcomes) -> None:
    """Site 3 never clicks, and on site 7 the model is backwards."""
    assert two_sites.segments is not None
    labels = np.where(two_sites.segments == 3, 0, two_sites.logits < -1)
    labels[:40] = np.arange(40) % 2
    clicks = Outcomes.of(
        np.r_[two_sites.logits, two_sites.logits + 3],
        np.r_[labels, np.ones(60_000)],
        None,
        np.r_[two_sites.segments, np.full(60_000, 4, np.int32)],
    )
    fitted = Segmented.fit("platt", "site", clicks, 1000)
    assert not fitted.segments
    np.testing.assert_array_equal(fitted.apply(LOGITS, of(7)), fitted.default.apply(LOGITS))


def test_min_rows_decides(two_sites: Outcomes) -> None:
    assert set(Segmented.fit("isotonic", "site", two_sites, 40).segments) == {3, 7, 9}
    assert set(Segmented.fit("isotonic", "site", two_sites, 41).segments) == {3, 7}
    assert not Segmented.fit("isotonic", "site", two_sites, 60_000).segments
