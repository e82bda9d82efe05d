"""Found: what a metric came to, and on how much."""

from dataclasses import dataclass

from pipelines.metrics.counts import Counts


@dataclass(frozen=True)
class Found:
    """A metric's value and what it rests on."""

    value: float
    counts: Counts
