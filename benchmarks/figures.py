"""What a benchmark finds, and the goals it is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Median, and the tenth and ninetieth percentiles."""

    median: float
    p10: float
    p90: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9]).tolist()
        return cls(middle, low, high)

    def text(self, scale: float = 1.0) -> str:
        middle, low, high = (_short(scale * one) for one in (self.median, self.p10, self.p90))
        return f"{middle} ({low} to {high})"


def _short(value: float) -> str:
    """Three significant digits, never in powers of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


@dataclass(frozen=True)
class Figure:
    """What a contender did.

    rate: items (`unit`) a second. seconds: of a call. turns: median seconds of a call, a round
    each. setup_mb: memory the set-up took. peak_mb: the most its process held. MB are 10^6 bytes.
    """

    name: str
    unit: str
    rate: float
    seconds: Spread
    turns: tuple[float, ...]
    setup_seconds: float
    setup_mb: float
    peak_mb: float

    def over(self, other: Figure) -> Spread:
        """Its time over the other's, pair by pair of each round, so that drift cancels."""
        return Spread.of([a / b for a, b in zip(self.turns, other.turns, strict=True)])


@dataclass(frozen=True)
class Goal:
    """The median time of `name` is at most `at_most` times that of `over`; seconds if no `over`."""

    name: str
    at_most: float
    over: str | None = None

    def judge(self, figures: Mapping[str, Figure]) -> Verdict:
        if self.name not in figures or (self.over is not None and self.over not in figures):
            return Verdict(self, None)
        figure = figures[self.name]
        return Verdict(self, figure.over(figures[self.over]) if self.over else figure.seconds)


@dataclass(frozen=True)
class Verdict:
    """A goal and what was found, None where a contender it names did not run."""

    goal: Goal
    found: Spread | None

    @property
    def met(self) -> bool | None:
        return None if self.found is None else self.found.median <= self.goal.at_most

    def record(self) -> dict[str, Any]:
        found = None if self.found is None else asdict(self.found)
        return asdict(self.goal) | {"found": found, "met": self.met}

    def __str__(self) -> str:
        goal = self.goal
        limit = "s" if goal.over is None else f"times the time of {goal.over}"
        aim = f"Goal: {goal.name} in at most {goal.at_most:g} {limit}"
        if self.found is None:
            return f"{aim}: not measured"
        sure = (self.found.p90 if self.met else self.found.p10) <= goal.at_most
        doubt = "" if sure is self.met else ", but the spread crosses it"
        return f"{aim}: {'met' if self.met else 'NOT MET'}{doubt}: {self.found.text()}"
