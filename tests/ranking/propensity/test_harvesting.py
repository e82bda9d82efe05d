"""Interventions that rankers and time made: by hand, against the truth, and refused."""

from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError, DataError
from ranking.propensity.harvesting import harvest, harvest_items

# Two documents that two rankers put in opposite orders; the first answered twice, the second once.
RANKS = np.array([[0, 1], [1, 0]])


def two_rankers() -> dict[str, Any]:
    """Document a is clicked at the top by 1 of 2, and below by 1 of 1; b below by 1 of 2."""
    return {
        "sizes": np.full(3, 2),
        "position": np.tile(np.arange(2), 3),
        "click": np.array([1, 0, 0, 1, 1, 1]),
        "ranks": np.concatenate([RANKS, RANKS, RANKS[::-1]]),
        "ranker": np.array([0, 0, 1]),
    }


@pytest.mark.parametrize("method", ["pairs", "chain", "pivot"])
def test_rankers_are_weighed_by_their_traffic_by_hand(method: str) -> None:
    """At the top 1/2 of a and 1/1 of b; below 1/2 of b and 1/1 of a: each sums to 3/2 of 2."""
    found = harvest(**two_rankers(), method=method)
    assert found.examination == pytest.approx((1, 1))


def test_what_no_ranker_moves_changes_nothing() -> None:
    """A third document stays where it is, its clicks notwithstanding."""
    given = two_rankers()
    given["sizes"] = np.full(3, 3)
    given["position"] = np.tile(np.arange(3), 3)
    given["ranks"] = np.insert(given["ranks"], [2, 4, 6], 2, axis=0)
    given["click"] = np.insert(given["click"], [2, 4, 6], [1, 0, 1])
    with pytest.raises(DataError, match="Position 2 .* or depth = 2"):
        harvest(**given)
    found = harvest(**given, depth=2)
    assert found.examination == harvest(**two_rankers()).examination


def test_items_by_hand() -> None:
    """Item 7: 1/1 at the top, 1/4 below, counting sqrt(4) times; item 9 was never moved."""
    found = harvest_items(
        np.array([2, 2, 2, 2, 2]),
        np.tile(np.arange(2), 5),
        np.array([1, 0, 1, 1, 1, 0, 0, 0, 0, 0]),
        item=np.array([7, 9, 1, 7, 2, 7, 3, 7, 4, 7]),
    )
    assert found.examination == pytest.approx((1, 1 / 4))


def test_items_are_known_by_any_name(logged: Any) -> None:
    plain = harvest_items(*logged.plain, item=logged.item, draws=10)
    names = np.random.default_rng(0).permutation(int(logged.item.max()) + 1).astype("U")
    assert harvest_items(*logged.plain, item=names[logged.item], draws=10).examination == (
        pytest.approx(plain.examination)
    )
    assert plain.fingerprint == (
        harvest_items(*logged.plain, item=names[logged.item], draws=10).fingerprint
    )


def test_items_in_blocks_are_items_at_once(logged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = harvest_items(*logged.plain, item=logged.item, draws=10)
    monkeypatch.setattr("ranking.propensity.harvesting._BLOCK", 7)
    blocks = harvest_items(*logged.plain, item=logged.item, draws=10)
    assert blocks.examination == pytest.approx(whole.examination)


@pytest.mark.parametrize("seed", range(3))
def test_within_a_tenth_of_the_truth_at_eta_1(log_of: Any, seed: int) -> None:
    log = log_of(20 + seed, 40_000)
    for found in (
        harvest(*log.plain, ranks=log.ranks, ranker=log.ranker, draws=10),
        harvest_items(*log.plain, item=log.item, draws=10),
    ):
        assert found.examination == pytest.approx(log.truth, rel=0.1)


def test_rankers_that_agree_are_refused(logged: Any) -> None:
    same = np.repeat(logged.position[:, None], 2, axis=1)
    with pytest.raises(DataError, match="rankers that differ"):
        harvest(*logged.plain, ranks=same, ranker=logged.ranker)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ranks": RANKS[[0, 1, 0, 1, 0, 1]]}, "one of ranker 1 at 1, shown at 0"),
        ({"ranks": two_rankers()["ranks"][:, :1]}, "two or more rankers"),
        ({"ranks": two_rankers()["position"]}, "two or more rankers"),
        ({"ranker": np.array([0, 0, 2])}, "from 0 to 2"),
        ({"ranker": np.array([0, 0, -1])}, "from -1 to 0"),
        ({"ranker": np.array([0, 1])}, "one value for each query"),
    ],
)
def test_ranks_that_are_not_of_the_log_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        harvest(**{**two_rankers(), **change})


def test_items_that_never_moved_are_refused(logged: Any) -> None:
    with pytest.raises(DataError, match="two positions or more; none was"):
        harvest_items(*logged.plain, item=logged.position)
    with pytest.raises(DataError, match="integers or text; got float64"):
        harvest_items(*logged.plain, item=logged.item.astype(float))
    with pytest.raises(ConfigError, match="one of pairs, chain, pivot"):
        harvest_items(*logged.plain, item=logged.item, method="all")
