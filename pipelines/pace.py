"""How fast a training is, and what its loss has come to."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_STEPS = 100  # that the rate is of
_KEPT = 0.98  # of the smoothed loss, at each step


class Pace:
    """Rows a second over the last steps, and the loss as a running mean of some 50 steps.

    A rate needs two steps of one epoch: the first ends the making of the graph, and validation is
    no training. The running mean is divided by the weight that it has seen, as Adam's are.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._ends: deque[tuple[float, int]] = deque(maxlen=_STEPS + 1)
        self._total, self._weight = 0.0, 0.0

    def step(self, rows: int, loss: float) -> None:
        """A step has ended, with which the epoch has come to `rows`."""
        self._ends.append((self._clock(), rows))
        self._total = _KEPT * self._total + (1 - _KEPT) * loss
        self._weight = _KEPT * self._weight + (1 - _KEPT)

    def turn(self) -> None:
        """An epoch has ended."""
        self._ends.clear()

    @property
    def rate(self) -> float | None:
        """Rows a second; None where they are not known yet."""
        if len(self._ends) < 2 or self._ends[-1][0] == self._ends[0][0]:
            return None
        (began, before), (ended, after) = self._ends[0], self._ends[-1]
        return (after - before) / (ended - began)

    @property
    def loss(self) -> float:
        """Of some 50 steps. At least one must have ended."""
        return self._total / self._weight
