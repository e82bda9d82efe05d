"""Which items of a history are to be predicted, and in which split (leave one out)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.readers.ragged import Ints
from features.readers.tokens import Tokens

Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")

_FIRST = 2  # the third item: fewer than two before it are too little to learn from


@dataclass(frozen=True)
class Targets:
    """Target items of a block of users: row of the user, token of the item, index in SPLITS."""

    user: Ints
    token: Ints
    split: Ints

    def of(self, at: Ints) -> "Targets":
        """Return the targets at `at`."""
        return Targets(self.user[at], self.token[at], self.split[at])


def leave_one_out(tokens: Tokens, train_positions: Literal["all", "last"]) -> Targets:
    """Return the targets of the users in `tokens` (lines of a user id, then items in time order).

    The last item is for test, the one before for valid, those before from the third on (or the
    last of them alone) for train; users with fewer than three items have none.
    """
    token = np.arange(len(tokens.row))
    place = token - tokens.start[tokens.row] - 1  # in the history; -1 is the user id
    last = tokens.length[tokens.row] - 2
    split = np.full(len(token), -1)
    train = (place >= _FIRST) & (place <= last - 2)
    split[train & ((train_positions == "all") | (place == last - 2))] = SPLITS.index("train")
    split[(place == last - 1) & (last >= _FIRST)] = SPLITS.index("valid")
    split[(place == last) & (last >= _FIRST)] = SPLITS.index("test")
    at = np.flatnonzero(split >= 0)
    return Targets(tokens.row[at], at, split[at])
