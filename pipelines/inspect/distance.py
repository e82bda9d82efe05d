"""How far two distributions are from each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.sketches.histogram import Histogram, aligned

_PRIOR = 0.5  # rows added to each part, so that an empty one has a logarithm


@dataclass(frozen=True)
class Distance:
    """A measured distance; the true one is at most `error` larger, and not smaller."""

    value: float
    error: float


def psi(before: Sequence[int], after: Sequence[int]) -> float:
    """Population stability index of the rows in each part: the sum of (b - a) ln(b / a).

    Shares are (n + 0.5) / (N + 0.5 k) of k parts. Of two samples of one population it is about
    (k - 1) (1 / N_a + 1 / N_b), the noise below which it says nothing.
    """
    a, b = (
        (np.array(counts, float) + _PRIOR) / (sum(counts) + _PRIOR * len(counts))
        for counts in (before, after)
    )
    return float(((b - a) * np.log(b / a)).sum())


def kolmogorov_smirnov(before: Histogram, after: Histogram) -> Distance | None:
    """Largest difference of the two cumulative shares of finite numbers; None without numbers.

    They are compared between buckets, where they are exact. Within one they could come apart by
    no more than the smaller of its two shares, and not at all where both hold the same one value.
    """
    if not before.count or not after.count:
        return None
    a, b = aligned(before, after)
    both = a.table.join(b.table, on="key", how="full", coalesce=True, suffix="_b").sort("key")
    shares_a = both["count"].fill_null(0).to_numpy() / before.count
    shares_b = both["count_b"].fill_null(0).to_numpy() / after.count
    apart = np.cumsum(shares_a) - np.cumsum(shares_b)
    one_value = (
        ((both["low"] == both["high_b"]) & (both["high"] == both["low_b"]))
        .fill_null(True)
        .to_numpy()
    )  # null: one of them has nothing there
    # From the start of a bucket, all of a's share may come before any of b's, or after it.
    most = np.maximum(np.abs(apart + shares_b), np.abs(apart - shares_a))
    largest = float(np.abs(apart).max())
    reach = float(most[~one_value].max(initial=largest))
    return Distance(largest, reach - largest)
