"""Climbing a likelihood step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from ranking.clicks.model import TINY

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
State = TypeVar("State")

HALF: Final = 0.5


@dataclass(frozen=True)
class Effort:
    """How an EM is run.

    iterations: at most. tolerance: it ends where a step gains less a row, in nats. prior: looks
    that are added to each document's, half of them with a click, so that a document shown once is
    not taken to be clicked never, or always; 0 is maximum likelihood. Many would hide who looks
    where: they draw what stands low, of which few looks are known, to the same one half.
    """

    iterations: int = 500
    tolerance: float = 1e-7
    prior: float = 0.3


def climb(
    step: Callable[[State], tuple[State, float]], start: State, rows: int, effort: Effort
) -> tuple[State, tuple[float, ...]]:
    """The state at the end, and what `step` says each state before it reached, which only rises."""
    state = start
    trace: list[float] = []
    for _ in range(effort.iterations):
        following, reached = step(state)
        gained = reached - trace[-1] if trace else np.inf
        trace.append(reached)
        state = following
        if gained < effort.tolerance * rows:
            break
    return state, tuple(trace)


def totals(number: Array, weight: Array, count: int) -> Floats:
    """The sum of the weights of each number, float64 (count,)."""
    return np.asarray(np.bincount(number, weight, count), dtype=np.float64)


def share(part: Floats, whole: Floats, prior: float = 0.0) -> Floats:
    """`part / whole` with `prior` more of the whole, half of it of the part; 1/2 of nothing."""
    total = whole + prior
    some = total > 0
    return np.where(some, (part + prior * HALF) / np.where(some, total, 1.0), HALF)


def log_prior(value: Floats, prior: float) -> float:
    """The logarithm of the Beta density that `share` adds, less what does not depend on `value`."""
    return float(prior * HALF * (log(value) + log(1 - value)).sum())


def log(value: Floats) -> Floats:
    """A logarithm that stays finite where what it is of has no rows."""
    return np.log(np.maximum(value, TINY))
