"""Rows in the order they are shown, and how likely that was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from serving.rerank.page import Page

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
NewPage = Callable[[], Page]
# Of the open rows and what each is worth (open rows,): which one, and the log of how likely.
Pick = Callable[[Floats], tuple[int, float]]


@dataclass(frozen=True)
class Chosen:
    """order: intp (positions,), rows by position. propensity: float64 (positions,), of each row at
    its position given the rows above. marginal: whatever stands above, where it is known; below:
    that of the rows that follow.

    The product of the propensities is that of the whole list.
    """

    order: Rows
    propensity: Floats
    marginal: Floats | None = None
    below: float = np.nan


def walk(page: Page, pick: Pick) -> tuple[Rows, Floats]:
    """Fill a page from its top: rows intp (positions,), and `pick`'s logs float64 (positions,)."""
    order = np.empty(page.depth, np.intp)
    logs = np.empty(page.depth)
    for position in range(page.depth):
        rows = page.open
        index, logs[position] = pick(page.values[rows])
        order[position] = rows[index]
        page.place(rows[index])
    return order, logs


def greedy(page: Page) -> Chosen:
    """The best row at each position, for sure."""
    if page.plain:
        order = np.arange(page.depth)
    else:
        order, _ = walk(page, lambda values: (int(values.argmax()), 0.0))
    sure = np.ones(page.depth)
    return Chosen(order, sure, sure, below=1.0)


def mixture(weights: Floats, logs: Floats) -> Floats:
    """Of one list that one of several policies made, chosen with `weights` (policies,), the
    propensity of each row given those above: float64 (positions,).

    logs: float64 (policies, positions), of the same under each policy, -inf where it never.
    """
    with np.errstate(divide="ignore"):
        prior = np.log(weights)[:, None]
    joint = np.logaddexp.reduce(prior + logs.cumsum(axis=1), axis=0)
    propensity: Floats = np.exp(np.diff(joint, prepend=0.0))
    return propensity.clip(max=1.0)
