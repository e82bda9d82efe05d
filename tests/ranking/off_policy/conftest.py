"""A slate world so small that every list the logger may show can be enumerated."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest

from ranking.off_policy.weights import Weights

Floats = npt.NDArray[np.float64]
ITEMS, PLACES = 4, 3


def conditional(utility: Floats, slate: tuple[int, ...]) -> Floats:
    """P(each item | the items above), by Plackett-Luce."""
    left, found = set(range(ITEMS)), []
    for item in slate:
        found.append(utility[item] / sum(utility[one] for one in left))
        left.remove(item)
    return np.array(found)


@dataclass
class SlateWorld:
    """All 24 lists of 3 of 4 items, a round each, with their chances under both policies.

    Each `(24, 3)`: conditional and marginal propensities of what is shown. The probability of a
    list is `(24,)`.
    """

    slates: list[tuple[int, ...]]
    logged: Floats
    target: Floats
    logged_marginal: Floats
    target_marginal: Floats

    @property
    def log_chance(self) -> Floats:
        return self.logged.prod(axis=1)

    @property
    def new_chance(self) -> Floats:
        return self.target.prod(axis=1)

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        return np.full(len(self.slates), PLACES)

    def cascade(self, largest: float | None = None) -> Weights:
        return Weights.cascade(
            self.target.ravel(), self.logged.ravel(), self.sizes, largest=largest
        )

    def item_position(self) -> Weights:
        return Weights.item_position(
            self.target_marginal.ravel(), self.logged_marginal.ravel(), self.sizes
        )

    def item_rewards(self, rng: np.random.Generator) -> Floats:
        """(24, 3) by item and position alone."""
        reward = rng.random((ITEMS, PLACES))
        return np.array([reward[list(slate), range(PLACES)] for slate in self.slates])

    def cascade_rewards(self, rng: np.random.Generator) -> Floats:
        """(24, 3) by the item and every item above."""
        reward = {slate[: n + 1]: rng.random() for slate in self.slates for n in range(PLACES)}
        return np.array([[reward[s[: n + 1]] for n in range(PLACES)] for s in self.slates])


@pytest.fixture(scope="session")
def slates() -> SlateWorld:
    lists = list(permutations(range(ITEMS), PLACES))
    old, new = np.array([1.0, 2, 3, 4]), np.array([5.0, 1, 1, 3])
    logged = np.array([conditional(old, one) for one in lists])
    target = np.array([conditional(new, one) for one in lists])

    def marginal(chance: Floats) -> Floats:
        shown = np.zeros((ITEMS, PLACES))
        for one, p in zip(lists, chance, strict=True):
            shown[list(one), range(PLACES)] += p
        return np.array([shown[list(one), range(PLACES)] for one in lists])

    return SlateWorld(
        lists, logged, target, marginal(logged.prod(axis=1)), marginal(target.prod(axis=1))
    )
