"""The user browsing model."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from ranking.clicks.appeal import Appeal
from ranking.clicks.lists import Lists
from ranking.clicks.model import ClickModel, Clicks, Decide, Floats
from ranking.clicks.pbm import ByPosition

Ints = npt.NDArray[np.int64]


class Ubm(ClickModel):
    """P(click at k | clicks before) = examination_{k, last} attraction.

    examination: by position, then by the click before: none, or the one at position 0, 1, ...; its
    row k has k + 1 values. A position beyond the last counts as the last. Dupret & Piwowarski, A
    User Browsing Model to Predict Search Engine Click Data from Past Observations, SIGIR 2008.
    """

    type: Literal["ubm"] = "ubm"
    examination: Annotated[tuple[ByPosition, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _triangle(self) -> Self:
        for k, row in enumerate(self.examination):
            if len(row) != k + 1:
                raise ValueError(
                    f"examination of position {k} must have {k + 1} values, for no click before "
                    f"and for one at each position above; it has {len(row)}"
                )
        return self

    def examined(self, appeal: Appeal, lists: Lists) -> Floats:
        """Summed over where the last click before may have been."""
        looked = np.empty(len(lists.position))
        first = len(lists.columns[0])
        last = np.zeros((first, len(lists.columns) + 1), dtype=np.int64)  # as _cells reads it
        state = np.zeros(last.shape)  # (lists, P(the last click is the one at this rank, less 1))
        state[:, 0] = 1.0
        for k, rows in enumerate(lists.columns):
            known = state[: len(rows), : k + 1]
            by_last = known * self._look(lists.position[rows, None], last[: len(rows), : k + 1])
            looked[rows] = by_last.sum(axis=1)
            clicked = by_last * appeal.attraction[rows, None]
            state[: len(rows), k + 1] = clicked.sum(axis=1)
            known -= clicked
            last[: len(rows), k + 1] = lists.position[rows] + 1
        return looked

    def _read(self, appeal: Appeal, lists: Lists, decide: Decide) -> tuple[Floats, Clicks]:
        chance, click = np.empty(len(lists.position)), np.empty(len(lists.position), np.float32)
        last = np.zeros(len(lists.sizes), dtype=np.int64)
        for rows in lists.columns:
            last, position = last[: len(rows)], lists.position[rows]
            chance[rows] = self._look(position, last) * appeal.attraction[rows]
            clicked = decide(rows, chance[rows])
            click[rows] = clicked
            last = np.where(clicked, position + 1, last)
        return chance, click

    def _look(self, position: npt.NDArray[np.int32], last: Ints) -> Floats:
        """Examination at `position`; `last` is one more than the last click's position, or 0."""
        deepest = len(self.examination) - 1
        return np.asarray(self.table[np.minimum(position, deepest), np.minimum(last, deepest)])

    @cached_property
    def table(self) -> Floats:
        """`examination` as a square, float64 (depth, depth), 0 above the diagonal."""
        found = np.zeros((len(self.examination),) * 2)
        for k, row in enumerate(self.examination):
            found[k, : k + 1] = row
        return found


def last_click(lists: Lists, click: npt.NDArray[np.bool_]) -> Ints:
    """One more than the position of the last click above each row, 0 without, int64 (rows,)."""
    found = np.empty(len(click), dtype=np.int64)
    last = np.zeros(len(lists.sizes), dtype=np.int64)
    for rows in lists.columns:
        found[rows] = last = last[: len(rows)]
        last = np.where(click[rows], lists.position[rows] + 1, last)
    return found
