"""Team-draft: the rankings of the example of Chapelle et al. (TOIS 2012) by hand, and fairness."""

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest

from features.errors import DataError
from ranking.interleaving.interleaved import generator
from ranking.interleaving.team_draft import team_draft

A, B = list("abcdgh"), list("beafgh")


class Coins:
    """A generator whose rounds begin with the rankings named."""

    def __init__(self, first: str) -> None:
        self.first = iter(first)

    def permutation(self, teams: int) -> list[int]:  # noqa: ARG002
        return [0, 1] if next(self.first) == "A" else [1, 0]


@pytest.mark.parametrize(
    ("coins", "items", "teams"),
    [
        ("AAA", "abcedf", "ABABAB"),
        ("BAA", "bacedf", "BAABAB"),
        ("ABA", "abecdf", "ABBAAB"),
        ("ABB", "abecfd", "ABBABA"),
        ("BBB", "baecfd", "BABABA"),
    ],
)
def test_lists_worked_by_hand(coins: str, items: str, teams: str) -> None:
    rng: Any = Coins(coins)
    found = team_draft([A, B], rng)
    assert "".join(found.items) == items
    assert "".join("AB"[team] for team in found.teams) == teams
    np.testing.assert_array_equal(found.credit, np.eye(2)[found.teams])


def test_each_ranking_places_as_much_and_either_is_first_as_often() -> None:
    """Over the coins of two rounds each list of four has the same chance, and is its own mirror."""
    lists = Counter()
    for coins in product("AB", repeat=2):
        rng: Any = Coins("".join(coins))
        found = team_draft([[1, 2, 3, 4], [4, 3, 2, 1]], rng)
        assert Counter(found.teams.tolist()) == {0: 2, 1: 2}
        lists[tuple(found.items.tolist())] += 1
    assert lists == {(1, 4, 2, 3): 1, (1, 4, 3, 2): 1, (4, 1, 2, 3): 1, (4, 1, 3, 2): 1}


def test_it_is_as_long_as_the_shorter_ranking_or_as_asked() -> None:
    rng = np.random.default_rng(0)
    assert len(team_draft([A, B[:3]], rng).items) == 3
    assert len(team_draft([A, B], rng, depth=5).items) == 5
    found = team_draft([A, B[:1]], rng, depth=99)  # a ranking that has run out is passed over
    assert sorted(found.items) == sorted(set(A))
    assert (found.teams == 1).sum() <= 1


def test_a_request_is_always_shown_one_list() -> None:
    def shown(seed: int, request: str) -> list[str]:
        return team_draft([A, B], generator(seed, request)).items.tolist()

    assert all(shown(0, "r1") == shown(0, "r1") for _ in range(3))
    assert len({tuple(shown(0, f"r{n}")) for n in range(50)}) > 4
    assert len({tuple(shown(seed, "r1")) for seed in range(50)}) > 4


def test_three_rankings_are_multileaved() -> None:
    found = team_draft([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.random.default_rng(0), depth=9)
    assert found.credit.shape == (9, 3)
    assert [sorted(found.teams[n : n + 3]) for n in (0, 3, 6)] == [[0, 1, 2]] * 3
    assert set(found.items[:3]) == {1, 4, 7}


@pytest.mark.parametrize(
    ("rankings", "depth", "message"),
    [
        ([[1, 2]], None, "two rankings or more; got 1"),
        ([[1, 2], []], None, "ranking 1 holds 0 items"),
        ([[1, 1], [2]], None, "ranking 0 holds 2 items, 1 of them distinct"),
        ([[1], [2]], 0, "at least one row; got depth 0"),
    ],
)
def test_rankings_that_cannot_be_mixed_are_refused(
    rankings: list[list[int]], depth: int | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        team_draft([*rankings], np.random.default_rng(0), depth)
