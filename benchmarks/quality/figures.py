"""Means over seeds, and what lies between two of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Difference:
    """Ours less the other's, with a 95% interval after Welch (Biometrika 1947)."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, ours: Sequence[float], theirs: Sequence[float]) -> Difference:
        interval = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
        mean = float(np.mean(ours) - np.mean(theirs))
        return cls(mean, float(interval.low), float(interval.high))

    def verdict(self, *, higher_is_better: bool) -> str:
        """better or worse where the interval leaves out zero, else even."""
        if self.low <= 0 <= self.high:
            return "even"
        return "better" if (self.mean > 0) is higher_is_better else "worse"

    def __str__(self) -> str:
        return f"{self.mean:+.4f} ({self.low:+.4f} to {self.high:+.4f})"


def spread(values: Sequence[float]) -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else float("nan")
    return f"{statistics.mean(values):.4f} ± {deviation:.4f}"
