"""Cuts of a number that tell a 0/1 label best, as many as pay for their description."""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from features.sketches.histogram import Histogram

Doubles = npt.NDArray[np.float64]
LABEL = "label"  # the sums that the histogram carries


def mdl_edges(histogram: Histogram, buckets: int) -> Doubles:
    """Ascending edges of at most `buckets` buckets, edge <= x < next edge; float64 (edges,).

    The range is cut where the entropy of the label falls most, again and again, as long as
    gain > (log2(N - 1) + log2(3^k - 2) - k E + k1 E1 + k2 E2) / N
    with k the classes on each side (Fayyad and Irani, IJCAI 1993, eq. 9); best cuts first.
    """
    low = histogram.table["low"].to_numpy()
    total = np.concatenate([[0], np.cumsum(histogram.table["count"].to_numpy())]).astype(float)
    clicks = np.concatenate([[0], np.cumsum(histogram.table[LABEL].to_numpy())]).astype(float)
    waiting: list[tuple[float, int, int, int]] = []
    edges: list[float] = []

    def consider(start: int, stop: int) -> None:
        found = _best(total[start : stop + 1], clicks[start : stop + 1])
        if found is not None:
            gain, at = found
            heapq.heappush(waiting, (-gain * (total[stop] - total[start]), start, start + at, stop))

    consider(0, len(low))
    while waiting and len(edges) < buckets - 1:
        _, start, cut, stop = heapq.heappop(waiting)
        edges.append(low[cut])
        consider(start, cut)
        consider(cut, stop)
    return np.sort(np.array(edges, np.float64))


def _best(total: Doubles, clicks: Doubles) -> tuple[float, int] | None:
    """The gain of the best cut and where it is, None where it does not pay."""
    n, positive = total - total[0], clicks - clicks[0]
    if len(n) < 3 or n[-1] < 2:
        return None
    left, right = n[1:-1], n[-1] - n[1:-1]
    whole, below = entropy(positive[-1] / n[-1]), entropy(positive[1:-1] / left)
    above = entropy((positive[-1] - positive[1:-1]) / right)
    gains = whole - (left * below + right * above) / n[-1]
    at = int(np.argmax(gains))
    k = _classes(positive[-1], n[-1])
    k1 = _classes(positive[at + 1], left[at])
    k2 = _classes(positive[-1] - positive[at + 1], right[at])
    delta = np.log2(3.0**k - 2) - (k * whole - k1 * below[at] - k2 * above[at])
    if gains[at] <= (np.log2(n[-1] - 1) + delta) / n[-1]:
        return None
    return float(gains[at]), at + 1


def entropy(share: npt.ArrayLike) -> Doubles:
    """-p log2 p - (1 - p) log2 (1 - p), 0 at both ends."""
    p = np.asarray(share, np.float64)
    inside = np.where((p > 0) & (p < 1), p, 0.5)
    bits = -inside * np.log2(inside) - (1 - inside) * np.log2(1 - inside)
    return np.where((p > 0) & (p < 1), bits, 0.0)


def _classes(positive: float, count: float) -> int:
    return 1 if positive in (0, count) else 2
