"""Swapped pairs by hand, and what is missing where a pair cannot be told."""

from typing import Any

import numpy as np
import pytest

from features.errors import DataError
from ranking.propensity.swaps import swaps

# Lists of two whose partner is position 1: clicks at the top and below, swapped or not.
LISTS = [(1, 0, False), (1, 1, False), (1, 0, True), (0, 0, True), (1, 1, True), (0, 0, True)]


def arguments() -> dict[str, Any]:
    return {
        "sizes": np.full(6, 2),
        "position": np.tile(np.arange(2), 6),
        "click": np.array([one[:2] for one in LISTS]).ravel(),
        "partner": np.ones(6, np.int64),
        "swapped": np.array([one[2] for one in LISTS]),
    }


def test_arms_are_averaged_before_the_ratio_by_hand() -> None:
    """Rates at the top 2/2 and 2/4; below 1/2 and 1/4."""
    assert swaps(**arguments()).examination == pytest.approx((1, 0.75 / 1.5))


def test_lists_that_took_no_part_change_nothing() -> None:
    given = arguments()
    more = {
        "sizes": np.append(given["sizes"], 2),
        "position": np.append(given["position"], [0, 1]),
        "click": np.append(given["click"], [0, 1]),
        "partner": np.append(given["partner"], 0),
        "swapped": np.append(given["swapped"], False),
    }
    assert swaps(**more).examination == swaps(**given).examination


def test_a_pair_without_both_arms_is_refused() -> None:
    with pytest.raises(DataError, match="position 1 .* must be shown both swapped and not"):
        swaps(**{**arguments(), "swapped": np.ones(6, bool)})


def test_a_position_that_was_never_drawn_is_refused(log_of: Any) -> None:
    log = log_of(5, 2000, order="swaps")
    partner = np.where(log.partner == 4, 0, log.partner)
    with pytest.raises(DataError, match="position 4 .* or use depth = 4"):
        swaps(*log.plain, partner=partner, swapped=log.swapped)
    found = swaps(*log.plain, partner=partner, swapped=log.swapped, depth=4, draws=10)
    assert found.depth == 4


def test_a_pair_without_clicks_is_refused() -> None:
    given = arguments()
    click = given["click"].copy()
    click[1::2] = 0
    partner = np.array([1, 1, 1, 1, 0, 0])
    click[-1] = 1  # in a list that took no part
    with pytest.raises(DataError, match="position 1 .* must have clicks"):
        swaps(**{**given, "click": click, "partner": partner})
