"""What a log must be before anything is estimated from it."""

from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError, DataError
from ranking.propensity.harvesting import harvest_items
from ranking.propensity.shown_clicks import ShownClicks

SIZES = np.array([3, 2])
POSITION = np.array([0, 1, 2, 0, 1], np.int32)
CLICK = np.array([1, 0, 1, 0, 1], np.float32)


def test_counts_by_position() -> None:
    log = ShownClicks.of(SIZES, POSITION, CLICK, None)
    assert log.depth == 3
    assert log.impressions.tolist() == [2, 2, 1]
    assert log.clicks.tolist() == [1, 1, 1]
    assert log.query.tolist() == [0, 0, 0, 1, 1]


def test_rows_below_the_depth_are_cut_everywhere() -> None:
    log = ShownClicks.of(SIZES, POSITION, CLICK, 2)
    assert log.sizes.tolist() == [2, 2]
    assert log.rows(np.arange(5), "x").tolist() == [0, 1, 3, 4]
    assert log.queries(np.array([7, 8]), "x").tolist() == [7, 7, 8, 8]
    assert ShownClicks.of(SIZES, POSITION, CLICK, 99).depth == 3


def test_the_fingerprint_tells_data_apart() -> None:
    log = ShownClicks.of(SIZES, POSITION, CLICK, None)
    wide = ShownClicks.of(SIZES.astype(np.int32), POSITION.astype(np.int64), CLICK > 0, None)
    other = ShownClicks.of(SIZES, POSITION, np.array([1, 1, 1, 0, 0]), None)
    assert log.fingerprint() == wide.fingerprint()
    assert log.fingerprint() not in (other.fingerprint(), log.fingerprint(POSITION))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"sizes": [3, 3]}, DataError, "sizes that sum to 6"),
        ({"click": [1, 0]}, DataError, "2 clicks"),
        ({"sizes": [], "position": [], "click": []}, DataError, "got 0 positions"),
        ({"position": [-1, 1, 2, 0, 1]}, DataError, "from -1"),
        ({"position": [0.0, 1.5, 2.0, 0.0, 1.0]}, DataError, "float64"),
        ({"position": [0, 2, 1, 0, 1]}, DataError, "row 2 is at 1 after 2"),
        ({"position": [0, 1, 1, 0, 1]}, DataError, "row 2 is at 1 after 1"),
        ({"click": [1, 0, 2, 0, 1]}, DataError, "row 2 has 2"),
        ({"click": [1, 0, np.nan, 0, 1]}, DataError, "row 2 has nan"),
        ({"click": [1, 0, 1, 0, 0]}, DataError, "position 1 .* has none in 2 impressions"),
        ({"click": [1, 0, 0, 0, 1]}, DataError, "or depth = 2"),
        ({"depth": 1}, ConfigError, "at least 2 are needed; got 1"),
    ],
)
def test_what_cannot_be_used_is_refused(
    change: dict[str, Any], error: type[Exception], message: str
) -> None:
    given: dict[str, Any] = {"sizes": SIZES, "position": POSITION, "click": CLICK, "depth": None}
    given |= {key: np.array(one) if key != "depth" else one for key, one in change.items()}
    with pytest.raises(error, match=message):
        ShownClicks.of(**given)


def test_arrays_of_another_log_are_refused() -> None:
    log = ShownClicks.of(SIZES, POSITION, CLICK, None)
    with pytest.raises(DataError, match="`score` must have one value for each row; it has 2 for 5"):
        log.rows(np.zeros(2), "score")
    with pytest.raises(DataError, match="`arm` must have one value for each query; it has 5 for 2"):
        log.queries(np.zeros(5), "arm")


def test_a_log_that_is_copied_within_its_clusters_tells_no_more(logged: Any) -> None:
    twice = [np.tile(one, 2) for one in logged.plain]
    cluster = np.tile(np.arange(len(logged.sizes)), 2)
    item = np.tile(logged.item, 2)
    once = harvest_items(*logged.plain, item=logged.item, draws=20)
    as_one = harvest_items(*twice, item=item, draws=20, cluster=cluster)
    assert as_one.low == pytest.approx(once.low)
    assert as_one.high == pytest.approx(once.high)
    apart = harvest_items(*twice, item=item, draws=20)
    assert (
        np.log(np.divide(apart.high, apart.low))[1:].mean()
        < 0.85 * np.log(np.divide(once.high, once.low))[1:].mean()
    )
    with pytest.raises(DataError, match="`cluster` must have one value for each query"):
        harvest_items(*twice, item=item, cluster=cluster[1:])
