"""EM for the dynamic Bayesian network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ranking.clicks.appeal import Appeal
from ranking.clicks.dbn import Dbn
from ranking.clicks.em import HALF, Effort, climb, log, log_prior, share, totals
from ranking.clicks.lists import Lists
from ranking.clicks.model import TINY

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_START_CONTINUATION = 0.9


@dataclass(frozen=True)
class Sessions:
    """Lists with their clicks. document: int64 (rows,). click: bool (rows,)."""

    document: Ints
    lists: Lists
    click: Flags

    @cached_property
    def last(self) -> Ints:
        """Rank of each list's last click, spread over its rows; -1 without."""
        ranks = np.where(self.click, self.lists.rank, -1)
        starts = np.cumsum(self.lists.sizes) - self.lists.sizes
        return np.repeat(np.maximum.reduceat(ranks, starts), self.lists.sizes)

    @cached_property
    def goes_on(self) -> Flags:
        """Whether another row of the list follows, bool (rows,)."""
        return self.lists.rank + 1 < np.repeat(self.lists.sizes, self.lists.sizes)


def fit(
    sessions: Sessions, documents: int, effort: Effort
) -> tuple[Dbn, Appeal, tuple[float, ...]]:
    """The model, what documents are to users, and the log posterior at each step.

    Whether a row was looked at, satisfied, and was gone on from are what is not known; their
    posteriors come from one pass up each list and one down. Chapelle & Zhang, 2009, appendix.
    """
    clicks = totals(sessions.document, sessions.click, documents)

    def step(now: tuple[float, Appeal]) -> tuple[tuple[float, Appeal], float]:
        gamma, appeal = now
        seen = _Posterior.of(sessions, appeal[sessions.document], gamma)
        looks = totals(sessions.document, seen.look, documents)
        stops = totals(sessions.document, seen.satisfied, documents)
        following = Appeal(
            share(clicks, looks, effort.prior),
            share(stops, clicks, effort.prior),
        )
        reached = seen.log_likelihood + log_prior(appeal.attraction, effort.prior)
        reached += log_prior(appeal.satisfaction, effort.prior)
        if seen.could_go > 0:
            gamma = seen.went / seen.could_go
        return (gamma, following), reached

    half = np.full(documents, HALF)
    start = _START_CONTINUATION, Appeal(half, half)
    (gamma, appeal), trace = climb(step, start, len(sessions.click), effort)
    return Dbn(continuation=min(gamma, 1.0)), appeal, trace


@dataclass(frozen=True)
class _Posterior:
    """Given all clicks: P(looked at), P(satisfied) (rows,); continuations, and chances for them."""

    look: Floats
    satisfied: Floats
    went: float
    could_go: float
    log_likelihood: float

    @classmethod
    def of(cls, sessions: Sessions, appeal: Appeal, gamma: float) -> _Posterior:
        """appeal: of each row."""
        rank, last, click = sessions.lists.rank, sessions.last, sessions.click
        silent = _silent(sessions.lists, appeal.attraction, gamma)
        above, at = rank < last, rank == last
        stopped = at * appeal.satisfaction  # and clicked
        ended = appeal.satisfaction + (1 - appeal.satisfaction) * silent
        satisfied = stopped / np.maximum(np.where(at, ended, 1.0), TINY)
        on = np.where(sessions.goes_on, (silent - (1 - gamma)) / np.maximum(silent, TINY), 0.0)
        look, passed = np.ones(len(rank)), (1 - satisfied) * on
        for rows, following in zip(
            sessions.lists.columns, sessions.lists.columns[1:], strict=False
        ):
            rows = rows[: len(following)]
            look[following] = np.where(above[rows], 1.0, look[rows] * passed[rows])
        free = np.where(sessions.goes_on, look * (1 - satisfied), 0.0)
        went = np.where(above, 1.0, free * on)
        chance = np.where(click, appeal.attraction, 1 - appeal.attraction)
        before = log(gamma * chance * np.where(click, 1 - appeal.satisfaction, 1.0))
        quiet = log((1 - appeal.attraction) * silent)  # a list without a click
        first = (last < 0) & (rank == 0)
        parts = before[above], log(appeal.attraction * ended)[at], quiet[first]
        reached = float(sum(part.sum() for part in parts))
        return cls(look, satisfied, float(went.sum()), float(free.sum()), reached)


def _silent(lists: Lists, attraction: Floats, gamma: float) -> Floats:
    """P(no click below | looked at, not satisfied), float64 (rows,); 1 at the end of a list."""
    silent = np.ones(len(attraction))
    for rows, following in reversed(list(pairwise(lists.columns))):
        below = (1 - attraction[following]) * silent[following]
        silent[rows[: len(following)]] = 1 - gamma + gamma * below
    return silent
