"""Wins: in how many queries one scorer does better than another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from pipelines.metrics.metric import GroupedMetric
from pipelines.metrics.predictions import Predictions

_TIE = 1e-12  # a measure of a query is of a few dozen rows: less than this is rounding


@dataclass(frozen=True)
class Wins:
    """Of the second scorer against the first, by group; `p_value` of the sign test."""

    metric: str
    group: str
    wins: int
    losses: int
    ties: int
    skipped: int
    p_value: float


def wins(metric: GroupedMetric, first: Predictions, second: Predictions) -> Wins:
    """Count groups by which scorer's measure is better; ties count for neither.

    Two-sided sign test: of the groups that differ, a win is a coin's.
    """
    before, after = metric.per_group(first), metric.per_group(second)
    counted = before.counted & after.counted
    change = (after.values - before.values)[counted]
    if not metric.higher_is_better:
        change = -change
    won, lost = int((change > _TIE).sum()), int((change < -_TIE).sum())
    p = float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
    skipped = int(np.count_nonzero(~counted))
    tied = int(counted.sum()) - won - lost
    return Wins(str(metric), metric.needs_groups[0], won, lost, tied, skipped, p)
