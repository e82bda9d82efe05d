"""Shapley values of a score: exact for a few players, sampled for more."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import factorial

import numpy as np
import numpy.typing as npt
from scipy.stats import t

from features.batch import Batch
from pipelines.explain.contributions import Contributions
from pipelines.players import Mask, Players

FEW = 10  # players whose 1,024 coalitions are all scored
ORDERS = 128  # drawn for each row, unless told otherwise
METHOD = "shapley"

Floats = npt.NDArray[np.float64]
Value = Callable[[Mask], Floats]  # coalitions bool (n, players) to their worths (n,)


def shapley(
    logits: Callable[[Batch], npt.NDArray[np.float32]],
    own: Batch,
    base: Batch,
    players: Players,
    *,
    orders: int = ORDERS,
    seed: int = 0,
    level: float = 0.95,
) -> Contributions:
    """Of each row's logit, where who is not in a coalition has what `base` has.

    phi_i = sum_S |S|! (n - |S| - 1)! / n! (v(S + i) - v(S)): the mean over all orders of what i
    adds to those before it. At most `FEW` players are computed exactly; of more, the mean over
    drawn orders, each beside its reverse, with intervals. Either way they add up to the logit.

    Strumbelj & Kononenko, Knowledge and Information Systems 41, 2014; pairs of orders: Mitchell
    et al., JMLR 23, 2022.
    """
    many = len(players.names)
    random = np.random.default_rng(seed)
    values, halves = np.zeros((own.rows, many)), np.zeros((own.rows, many))
    for row in range(own.rows):
        worth = _worth(
            logits, own.take(slice(row, row + 1)), base.take(slice(row, row + 1)), players
        )
        if many <= FEW:
            values[row] = exact(worth, many)
        else:
            values[row], halves[row] = sampled(worth, many, orders, random, level)
    return Contributions(
        METHOD,
        players.names,
        values,
        logits(base).astype(np.float64),
        logits(own).astype(np.float64),
        None if many <= FEW else halves,
    )


def _worth(
    logits: Callable[[Batch], npt.NDArray[np.float32]], own: Batch, base: Batch, players: Players
) -> Value:
    """Of coalitions of one row."""

    def worth(given: Mask) -> Floats:
        rows = np.zeros(len(given), np.intp)
        return logits(players.mixed(base.take(rows), own.take(rows), given)).astype(np.float64)

    return worth


def exact(worth: Value, many: int) -> Floats:
    """Over all coalitions: float64 (players,)."""
    given = np.array(list(product([False, True], repeat=many)), np.bool_).reshape(-1, many)
    values, sizes = worth(given), given.sum(1)
    of_size = np.array([factorial(s) * factorial(many - s - 1) for s in range(many)])
    shares = of_size / factorial(many)
    found = np.empty(many)
    for i in range(many):
        without = np.flatnonzero(~given[:, i])
        with_i = without + (1 << (many - 1 - i))  # the last player changes fastest
        found[i] = (shares[sizes[without]] * (values[with_i] - values[without])).sum()
    return found


def sampled(
    worth: Value, many: int, orders: int, random: np.random.Generator, level: float
) -> tuple[Floats, Floats]:
    """Means over orders, and half the intervals of theirs: float64 (players,) each."""
    pairs = max(2, orders // 2)
    first = np.array([random.permutation(many) for _ in range(pairs)])
    drawn = np.stack([first, first[:, ::-1]], axis=1).reshape(-1, many)  # (orders, players)
    place = np.argsort(drawn, axis=1)
    given = place[:, None, :] < np.arange(many + 1)[None, :, None]  # (orders, players + 1, players)
    values = worth(given.reshape(-1, many)).reshape(len(drawn), many + 1)
    added = np.take_along_axis(np.diff(values, axis=1), place, axis=1)  # (orders, players)
    paired = added.reshape(pairs, 2, many).mean(1)
    error = paired.std(0, ddof=1) / np.sqrt(pairs)
    return paired.mean(0), t.ppf((1 + level) / 2, pairs - 1) * error
