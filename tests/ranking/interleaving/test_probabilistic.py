"""Probabilistic interleaving: the distributions of Hofmann et al. (CIKM 2011), by hand."""

import numpy as np
import pytest

from features.errors import ConfigError
from ranking.interleaving.probabilistic import probabilistic

FIRST, SECOND = ["d1", "d2", "d3", "d4"], ["d2", "d3", "d4", "d1"]
CHANCE = np.array([1, 1 / 8, 1 / 27, 1 / 64])  # .85, .11, .03, .01 once they add up to 1


def test_the_first_row_is_drawn_from_the_mean_of_both_softmaxes() -> None:
    rng = np.random.default_rng(0)
    lists = [probabilistic([FIRST, SECOND], rng) for _ in range(4000)]
    softmax = CHANCE / CHANCE.sum()
    expected = (softmax + softmax[[3, 0, 1, 2]]) / 2
    for item, chance in zip(FIRST, expected, strict=True):
        shown = np.mean([one.items[0] == item for one in lists])
        assert shown == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / 4000))


def test_credit_is_the_chance_that_a_ranking_placed_the_row() -> None:
    """After d1 the first has 1/8, 1/27, 1/64 left for d2, d3, d4 and the second 1, 1/8, 1/27."""
    rng = np.random.default_rng(1)
    found = next(
        one
        for one in (probabilistic([FIRST, SECOND], rng) for _ in range(1000))
        if one.items[:2].tolist() == ["d1", "d2"]
    )
    top = np.array([1, 1 / 64])
    next_row = np.array([(1 / 8) / CHANCE[1:].sum(), 1 / CHANCE[:3].sum()])
    np.testing.assert_allclose(found.credit[0], top / top.sum())
    np.testing.assert_allclose(found.credit[1], next_row / next_row.sum())


def test_credit_is_what_the_drawn_teams_are_on_average() -> None:
    """The tower law: marginalising takes away noise and no credit, at every position."""
    rng = np.random.default_rng(2)
    lists = [probabilistic([FIRST, SECOND], rng) for _ in range(4000)]
    credit = np.array([one.credit[:, 0] for one in lists])
    drawn = np.array([one.teams == 0 for one in lists])
    np.testing.assert_allclose(credit.mean(axis=0), 0.5, atol=0.03)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.5, atol=0.03)
    sure = credit[:, 0] > 0.9
    assert drawn[sure, 0].mean() == pytest.approx(credit[sure, 0].mean(), abs=0.02)


def test_every_list_may_be_shown() -> None:
    rng = np.random.default_rng(3)
    lists = {tuple(probabilistic([[1, 2, 3], [2, 3, 1]], rng, decay=1.0).items) for _ in range(500)}
    assert len(lists) == 6


def test_a_ranker_against_itself_shares_every_row() -> None:
    found = probabilistic([FIRST, FIRST], np.random.default_rng(4))
    np.testing.assert_allclose(found.credit, 0.5)


def test_items_of_one_ranking_alone_are_its_own() -> None:
    found = probabilistic([[1], [2, 3]], np.random.default_rng(5), depth=3)
    own = {1: 0, 2: 1, 3: 1}
    np.testing.assert_array_equal(found.teams, [own[int(item)] for item in found.items])
    np.testing.assert_array_equal(found.credit, np.eye(2)[found.teams])


def test_a_decay_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="decay over ranks must be above 0; got 0"):
        probabilistic([FIRST, SECOND], np.random.default_rng(0), decay=0)
