"""The last clicks of every user."""

import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.world import Ints


class History:
    """Last clicked items of each user, right-aligned, oldest first, -1 where there is none.

    Holds `users * length` int32 whatever the number of rows.
    """

    def __init__(self, users: int, length: int) -> None:
        self._items = np.full((users, length), -1, dtype=np.int32)

    def of(self, user: Ints) -> Ints:
        """History `(n, length)` of users `(n,)`."""
        return self._items[user].astype(np.int64)

    def push(self, user: Ints, item: Ints, click: NDArray[np.bool_]) -> None:
        """Append the clicked ones of items `(n, list)`; the users `(n,)` must be distinct."""
        clicked = click.any(axis=1)
        if not clicked.any():
            return
        user, shown = user[clicked], np.where(click[clicked], item[clicked], -1)
        joined = np.concatenate([self._items[user], shown.astype(np.int32)], axis=1)
        real = joined >= 0
        from_right = np.cumsum(real[:, ::-1], axis=1)[:, ::-1]  # 1 for the newest click
        length = self._items.shape[1]
        row, column = np.nonzero(real & (from_right <= length))
        kept = np.full((len(user), length), -1, dtype=np.int32)
        kept[row, length - from_right[row, column]] = joined[row, column]
        self._items[user] = kept


def waves(user: Ints) -> list[Ints]:
    """Split queries into runs that can be simulated at once, each user at most once in a run.

    Run w holds the w-th query of each user, so that a query always sees the clicks of the
    earlier queries of its user: the result is that of a loop over single queries.

    Args:
        user: int64 `(n,)`, the user of each query in time order.

    Returns:
        Query indices, int64, one array a run; together they are `range(n)`.
    """
    order = np.argsort(user, kind="stable")
    ordered = user[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    start = np.maximum.accumulate(np.where(first, np.arange(len(user)), 0))
    turn = np.arange(len(user)) - start
    by_turn = np.argsort(turn, kind="stable")
    return np.split(order[by_turn].astype(np.int64), np.cumsum(np.bincount(turn))[:-1])
