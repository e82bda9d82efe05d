from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.explain.shapley import exact, sampled
from pipelines.players import Mask

Floats = npt.NDArray[np.float64]


class Game:
    """Worths drawn for every coalition."""

    def __init__(self, players: int, seed: int) -> None:
        self.players = players
        self._drawn = np.random.default_rng(seed).normal(size=2**players)

    def __call__(self, given: Mask) -> Floats:
        return np.asarray(self._drawn[given @ (1 << np.arange(self.players))])

    def by_all_orders(self) -> Floats:
        """The definition: what each adds to those before it, over every order."""
        total, orders = np.zeros(self.players), list(permutations(range(self.players)))
        for order in orders:
            given = np.zeros((1, self.players), np.bool_)
            for player in order:
                before = self(given)[0]
                given[0, player] = True
                total[player] += self(given)[0] - before
        return total / len(orders)


@pytest.mark.parametrize("players", [1, 2, 3, 5, 6])
def test_exact_values_are_those_of_all_orders(players: int) -> None:
    game = Game(players, seed=players)
    np.testing.assert_allclose(exact(game, players), game.by_all_orders(), atol=1e-12)


def test_the_gloves_game() -> None:
    """By hand: one left glove, two right ones; a pair is worth 1. The left glove has 2/3."""

    def worth(given: Mask) -> Floats:
        return np.asarray(given[:, 0] & (given[:, 1] | given[:, 2]), np.float64)

    np.testing.assert_allclose(exact(worth, 3), [2 / 3, 1 / 6, 1 / 6])


def test_sampled_values_add_up_and_their_intervals_hold_the_exact_ones() -> None:
    """Of 60 games of 6 players, intervals of 95 % hold 95 % of the values, give or take."""
    held = []
    for seed in range(60):
        game = Game(6, seed)
        found, half = sampled(game, 6, 40, np.random.default_rng(seed), 0.95)
        both = np.array([[False] * 6, [True] * 6])
        assert found.sum() == pytest.approx(np.diff(game(both))[0], abs=1e-9)
        held.append(np.abs(found - exact(game, 6)) <= half)
    assert 0.92 <= np.mean(held) <= 0.98


def test_sampling_an_additive_game_is_exact() -> None:
    weights = np.array([1.0, -2.0, 0.5, 0.0])
    found, half = sampled(lambda given: given @ weights, 4, 8, np.random.default_rng(0), 0.95)
    np.testing.assert_allclose(found, weights, atol=1e-12)
    np.testing.assert_allclose(half, 0, atol=1e-12)
