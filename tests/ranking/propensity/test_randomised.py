"""Ratios over the same queries, by hand, and the refusal of an order that follows something."""

from typing import Any

import numpy as np
import pytest

from features.errors import DataError
from ranking.propensity.randomised import randomised


def test_the_ratio_by_hand() -> None:
    """Four lists of two: clicks at the top in all but one, below in one."""
    click = np.array([1, 0, 1, 1, 1, 0, 0, 0])
    found = randomised(np.full(4, 2), np.tile(np.arange(2), 4), click)
    assert found.examination == pytest.approx((1, 1 / 3))
    assert found.impressions == (4, 4)
    assert found.clicks == (3, 1)


def test_short_lists_say_nothing_of_what_they_do_not_show() -> None:
    """Two long lists give 1/2 at position 1; clicks in lists of one row do not change it."""
    long = np.array([1, 1, 1, 0])
    position = np.array([0, 1, 0, 1])
    plain = randomised(np.array([2, 2]), position, long)
    mixed = randomised(
        np.array([2, 1, 2, 1]), np.array([0, 1, 0, 0, 1, 0]), np.array([1, 1, 1, 1, 0, 1])
    )
    assert plain.examination == mixed.examination == (1, 0.5)


def test_the_interval_is_that_of_the_delta_method() -> None:
    """For independent clicks the variance of the log ratio is (1 - p) / clicks at either."""
    random = np.random.default_rng(0)
    sizes, position = np.full(20_000, 2), np.tile(np.arange(2), 20_000)
    click = random.random(40_000) < np.tile([0.3, 0.1], 20_000)
    found = randomised(sizes, position, click, draws=400)
    error = np.log(found.high[1] / found.low[1]) / (2 * 1.96)
    assert error == pytest.approx(np.sqrt(0.7 / 6000 + 0.9 / 2000), rel=0.1)


def test_an_order_that_follows_the_score_is_refused(logged: Any, shuffled: Any) -> None:
    assert randomised(*shuffled.plain, score=shuffled.score, draws=10).depth == 10
    with pytest.raises(DataError, match="follows `score`, by .* standard errors"):
        randomised(*logged.plain, score=logged.score)
    with pytest.raises(DataError, match="`score` must be finite"):
        randomised(*logged.plain, score=np.where(logged.position == 2, np.nan, logged.score))
    constant = randomised(*logged.plain, score=np.ones(len(logged.position)), draws=10)
    assert constant.settings["depth"] == 10


def test_lists_without_the_top_are_refused() -> None:
    with pytest.raises(DataError, match="position 1 .* must also show the top"):
        randomised(np.array([1, 1]), np.array([0, 1]), np.array([1, 1]))
