"""What was predicted for rows of some kind, and how often it happened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.metrics.predictions import Predictions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

Z = 1.959964  # of the normal distribution, 95% lie within


@dataclass(frozen=True)
class Bin:
    """Rows, the clicks among them, the mean prediction, the rate, and its 95% interval."""

    rows: int
    positives: int
    predicted: float
    observed: float
    low: float
    high: float


def bins(codes: Ints, data: Predictions, clusters: npt.NDArray[Any] | None) -> dict[int, Bin]:
    """Of rows of labels 0 and 1, those of each code (rows,), weighted; codes without weight have
    none.

    The interval is Wilson's, of as many rows as would vary as much: rows of a cluster (a query, a
    user) are not independent, and unequal weights leave less. Never narrower than that of
    independent rows. Korn & Graubard, "Confidence intervals for proportions ...", 1998.
    """
    weight = np.ones_like(data.labels) if data.weights is None else data.weights
    many = int(codes.max()) + 1

    def total(values: Floats) -> Floats:
        return np.bincount(codes, values, many).astype(np.float64)

    mass = total(weight)
    known = mass > 0
    divisor = np.where(known, mass, 1.0)
    observed, predicted = (
        total(weight * values) / divisor for values in (data.labels, data.scores)
    )
    effective = _effective(codes, weight, data.labels - observed[codes], clusters, observed)
    rows, clicks = np.bincount(codes, minlength=many), total(data.labels)
    found = {}
    for code in np.flatnonzero(known):
        low, high = wilson(observed[code], effective[code])
        found[int(code)] = Bin(
            int(rows[code]), int(clicks[code]), float(predicted[code]), float(observed[code]),
            low, high,
        )  # fmt: skip
    return found


def wilson(rate: float, rows: float, z: float = Z) -> tuple[float, float]:
    """The interval of a rate over independent rows (Wilson 1927).

    (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)
    """
    middle, whole = rate + z**2 / (2 * rows), 1 + z**2 / rows
    reach = z * math.sqrt(rate * (1 - rate) / rows + z**2 / (4 * rows**2))
    return max((middle - reach) / whole, 0.0), min((middle + reach) / whole, 1.0)


def equal_mass(data: Predictions, most: int) -> Ints:
    """The number (rows,) of each row's bin, from the lowest scores up; ties stay together."""
    ranked = data.ranked()
    weight = np.ones_like(ranked.scores) if ranked.weights is None else ranked.weights
    mass = ranked.tie_sums(weight)
    whole = mass.sum()
    middle = whole - ranked.sums_above(mass) - mass / 2
    # Rounding may put the middle of the highest rows of no weight at the whole.
    place = np.minimum(most * middle / whole, most - 1).astype(np.intp)
    codes = np.empty(data.labels.size, np.intp)
    codes[ranked.order] = ranked.spread(place)
    return codes


def _effective(
    codes: Ints,
    weight: Floats,
    residual: Floats,
    clusters: npt.NDArray[Any] | None,
    rate: Floats,
) -> Floats:
    """Independent rows (codes,) of equal weight whose rate would vary as much."""
    many = len(rate)
    mass, square = np.bincount(codes, weight, many), np.bincount(codes, weight**2, many)
    kish = np.divide(mass**2, square, out=np.ones(many), where=square > 0)
    if clusters is None:
        return kish
    _, own = np.unique(clusters, return_inverse=True)
    pairs, pair = np.unique(codes * (int(own.max()) + 1) + own, return_inverse=True)
    sums = np.bincount(pair, weight * residual, len(pairs))
    code = pairs // (int(own.max()) + 1)
    groups = np.bincount(code, minlength=many)
    spread = np.bincount(code, sums**2, many) * groups / np.maximum(groups - 1, 1)
    varying = spread > 1e-12 * square
    independent = np.divide(rate * (1 - rate) * mass**2, spread, out=kish.copy(), where=varying)
    return np.minimum(kish, np.maximum(independent, 1.0))
