"""Items that a user never touched, drawn uniformly."""

from dataclasses import dataclass

import numpy as np

from features.readers.ragged import Ints


@dataclass(frozen=True)
class Untouched:
    """The items, as ranks in [0, items), that each of some users never touched.

    The r-th untouched rank of user u is r + #{i : gaps_i <= r}, where gaps_i = s_i - i counts
    the untouched ranks below s_i, the i-th smallest that u touched. `keys` holds
    u * (items + 1) + gaps_i, ascending; `start` (users,) the first key of each user and
    `left` (users,) the number of items untouched.
    """

    items: int
    keys: Ints
    start: Ints
    left: Ints

    @classmethod
    def of(cls, user: Ints, rank: Ints, users: int, items: int) -> "Untouched":
        """Build from the touches (user, rank), in any order, repeated or not."""
        touch = np.unique(user * items + rank)
        owner = touch // items
        touched = np.bincount(owner, minlength=users).astype(np.int64)
        start = np.cumsum(touched) - touched
        gaps = touch % items - (np.arange(len(touch)) - start[owner])
        return cls(items, owner * (items + 1) + gaps, start, items - touched)

    def draw(self, user: Ints, count: int, rng: np.random.Generator) -> Ints:
        """Return ranks (len(user), count), distinct within a row, each subset equally likely.

        `left[user]` must be at least `count`. Floyd's algorithm (Bentley and Floyd, CACM 1987).
        """
        left = self.left[user]
        assert not len(user) or int(left.min()) >= count
        drawn = np.empty((len(user), count), dtype=np.int64)
        for at in range(count):
            last = left - count + at
            pick = rng.integers(0, last, endpoint=True)
            again = (drawn[:, :at] == pick[:, None]).any(axis=1)
            drawn[:, at] = np.where(again, last, pick)
        sought = user[:, None] * (self.items + 1) + drawn
        below = np.searchsorted(self.keys, sought, side="right") - self.start[user][:, None]
        return np.asarray(drawn + below, dtype=np.int64)
