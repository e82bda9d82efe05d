"""EM for models whose clicks are an examination times an attraction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ranking.clicks.em import HALF, Effort, climb, log, log_prior, share, totals
from ranking.clicks.model import TINY

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Rows that no parameter tells apart, counted: of one document, in one state of examination.

    document, state: int64 (cells,). rows, clicks: float64 (cells,).
    """

    document: Ints
    state: Ints
    rows: Floats
    clicks: Floats

    @classmethod
    def of(cls, document: Ints, state: Ints, states: int, click: npt.NDArray[np.bool_]) -> Cells:
        code, inverse = np.unique(document * states + state, return_inverse=True)
        rows = totals(inverse, np.ones(len(inverse)), len(code))
        clicks = totals(inverse, click, len(code))
        return cls(code // states, code % states, rows, clicks)


def fit(cells: Cells, states: int, effort: Effort) -> tuple[Floats, Floats, tuple[float, ...]]:
    """Examination (states,), attraction (documents,), and the log posterior at each step.

    Whether a row was looked at is what is not known; whether it attracts matters only if it was,
    which needs fewer steps than to treat both as unknown, as Chuklin et al. do in section 4.1. Only
    the product is told by the clicks: examinations mean something relative to each other.
    """
    documents, total = int(cells.document.max()) + 1, float(cells.rows.sum())
    shown = totals(cells.state, cells.rows, states)
    clicked = totals(cells.document, cells.clicks, documents)
    missed = cells.rows - cells.clicks

    def step(now: tuple[Floats, Floats]) -> tuple[tuple[Floats, Floats], float]:
        look, attraction = now[0][cells.state], now[1][cells.document]
        no_click = 1 - look * attraction
        reached = float((cells.clicks * log(look * attraction) + missed * log(no_click)).sum())
        passed = look * (1 - attraction) / np.maximum(no_click, TINY)  # looked at, if not clicked
        looks = cells.clicks + missed * passed
        examination = share(totals(cells.state, looks, states), shown)
        seen = totals(cells.document, looks, documents)
        following = examination, share(clicked, seen, effort.prior)
        return following, reached + log_prior(now[1], effort.prior)

    start = np.full(states, HALF), np.full(documents, HALF)
    (examination, attraction), trace = climb(step, start, int(total), effort)
    return examination, attraction, trace
