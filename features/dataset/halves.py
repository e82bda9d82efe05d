"""Which item comes when, where items are held a round or two at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Items = npt.NDArray[np.int64]


class Halves:
    """Items of rounds, so many in each, in the random order of a seed.

    Of each round a random half comes at once, and the other half together with the next round's.
    A stretch is what is given between the arrival of two rounds; there is one more of them than
    rounds, unless there is one round alone, which comes at once. Each can be had by itself.
    """

    def __init__(self, counts: Sequence[int], seed: int) -> None:
        self._counts, self._seed = counts, seed
        self._later = [count // 2 if len(counts) > 1 else 0 for count in counts]

    def __len__(self) -> int:
        return len(self._counts) + 1

    @property
    def sizes(self) -> Items:
        """How many items each stretch has."""
        now = [count - later for count, later in zip(self._counts, self._later, strict=True)]
        pairs = zip([0, *self._later], [*now, 0], strict=True)
        return np.array([late + soon for late, soon in pairs], np.int64)

    def stretch(self, number: int) -> Items:
        """Its items in order: counted through the round before, then through its own."""
        rounds = len(self._counts)
        before = self._counts[number - 1] if number else 0
        late = self._of(number - 1)[1] if number else np.empty(0, np.int64)
        now = self._of(number)[0] if number < rounds else np.empty(0, np.int64)
        items = np.concatenate([late, before + now])
        return np.random.default_rng([self._seed, number, 0]).permutation(items)

    def _of(self, number: int) -> tuple[Items, Items]:
        """The items of a round that come at once, and those that come with the next."""
        count, later = self._counts[number], self._later[number]
        pairs = 2 * np.arange(later)  # a coin decides which of two neighbours comes later
        coin = np.random.default_rng([self._seed, number, 1]).integers(0, 2, later)
        return np.concatenate([pairs + 1 - coin, np.arange(2 * later, count)]), pairs + coin
