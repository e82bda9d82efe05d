"""Lines of clicks over relevance, by hand and from a known trust bias."""

import numpy as np
import pytest

from features.errors import DataError
from ranking.propensity.affine import affine

ALPHA, BETA = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.08, 0.03])


def test_the_lines_by_hand() -> None:
    """Rates at the top 1/4 and 3/4 for relevance 0 and 1; below 0/4 and 1/4."""
    click = np.array([[1, 0], [0, 0], [0, 0], [0, 0], [1, 1], [1, 0], [1, 0], [0, 0]])
    relevance = np.repeat([0.0, 1.0], 8)
    found = affine(np.full(8, 2), np.tile(np.arange(2), 8), click.ravel(), relevance=relevance)
    assert found.trust is not None
    assert found.trust.alpha == pytest.approx((0.5, 0.25))
    assert found.trust.beta == pytest.approx((0.25, 0.0))
    assert found.examination == pytest.approx((1, 0.5))


def test_a_known_trust_bias_is_found() -> None:
    random = np.random.default_rng(3)
    position = np.tile(np.arange(3, dtype=np.int32), 60_000)
    relevance = random.random(len(position)) ** (1 + position)  # the logger knows something
    click = random.random(len(position)) < ALPHA[position] * relevance + BETA[position]
    found = affine(np.full(60_000, 3), position, click, relevance=relevance, draws=50)
    assert found.trust is not None
    assert found.trust.alpha == pytest.approx(ALPHA, rel=0.1)
    assert found.trust.beta == pytest.approx(BETA, rel=0.1)
    assert (np.array(found.low) <= ALPHA / ALPHA[0]).all()
    assert (np.array(found.high) >= ALPHA / ALPHA[0]).all()


@pytest.mark.parametrize(
    ("four", "message"),
    [
        ([0.5, 0.0, 0.5, 1.0], "must differ .* position 0"),
        ([0.0, 0.5, 1.0, 0.5], "must differ .* position 1"),
        ([1.0, 0.0, 0.0, 1.0], "must raise clicks .* position 0"),
        ([0.0, 0.0, 2.0, 1.0], "from 0 to 2"),
        ([0.0, 0.0, np.nan, 1.0], "must be a probability"),
    ],
)
def test_relevance_that_tells_nothing_is_refused(four: list[float], message: str) -> None:
    """Every other list is clicked at both of its positions."""
    click, relevance = np.tile([0, 0, 1, 1], 4), np.tile(four, 4)
    with pytest.raises(DataError, match=message):
        affine(np.full(8, 2), np.tile(np.arange(2), 8), click, relevance=relevance)
