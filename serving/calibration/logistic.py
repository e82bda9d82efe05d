"""Logistic regression with slopes of at least 0, by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from serving.calibration.outcomes import Doubles, Outcomes

_STEPS = 100
_LAST = 1e-14  # the decrement a row after which one more step is exact but for rounding


@dataclass(frozen=True, eq=False)
class Line:
    """intercept + columns @ slopes. loss: the penalised negative log likelihood of its fit."""

    slopes: Doubles
    intercept: float
    loss: float


def logistic(columns: Doubles, outcomes: Outcomes, pull: float = 0.0) -> Line | None:
    """The best line over columns float64 (rows, n) whose slopes are >= 0, not all of them 0.

    Minimises sum_i w_i [log(1 + exp(z_i)) - y_i z_i] + pull / 2 * sum_j (slope_j - 1)^2, which is
    convex: the minimum is that of all columns, or lies where some slopes are 0. None where a
    constant does as well. Without `pull` the labels must not be separable.
    """
    n = columns.shape[1]
    if (line := _newton(columns, outcomes, pull)) is None or (line.slopes > 0).all():
        return line
    lines = []
    for kept in chain.from_iterable(combinations(range(n), size) for size in range(1, n)):
        part = _newton(columns[:, kept], outcomes, pull)
        if part is not None and (part.slopes > 0).all():
            slopes = np.zeros(n)
            slopes[list(kept)] = part.slopes
            lines.append(Line(slopes, part.intercept, part.loss + pull / 2 * (n - len(kept))))
    return min(lines, key=lambda one: one.loss, default=None)


def _newton(columns: Doubles, outcomes: Outcomes, pull: float) -> Line | None:
    y, w = outcomes.labels, outcomes.weights
    mean = columns.mean(0)
    design = np.column_stack([columns - mean, np.ones(len(y))])  # centred: far better conditioned
    pulls = np.append(np.full(columns.shape[1], pull), 0.0)
    if not (np.ptp(columns, axis=0) > 0).all():
        return None

    def loss(at: Doubles) -> float:
        z = design @ at
        return float(w @ (np.logaddexp(0, z) - y * z) + pulls @ (at - 1) ** 2 / 2)

    rate = float(w @ y / w.sum())
    at = np.append(np.zeros(columns.shape[1]), np.log(rate / (1 - rate)))
    now = loss(at)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ at, -700, 700)))
        gradient = design.T @ (w * (p - y)) + pulls * (at - 1)
        hessian = (design * (w * p * (1 - p))[:, None]).T @ design + np.diag(pulls)
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        if gradient @ step <= _LAST * len(y):
            at = at - step
            break
        while (then := loss(at - step)) > now:
            step /= 2
        at, now = at - step, then
    return Line(at[:-1], float(at[-1] - mean @ at[:-1]), loss(at))
