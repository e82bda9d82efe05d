"""The dynamic Bayesian network."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ranking.clicks.appeal import Appeal
from ranking.clicks.lists import Lists
from ranking.clicks.model import TINY, ClickModel, Clicks, Decide, Floats


class Dbn(ClickModel):
    """Users read from the top, stop when satisfied, else go on with probability `continuation`.

    Chapelle & Zhang, A Dynamic Bayesian Network Click Model for Web Search Ranking, WWW 2009, where
    it is gamma; the simplified model (sDBN) is that of 1.
    """

    type: Literal["dbn"] = "dbn"
    continuation: Annotated[float, Field(ge=0, le=1)] = 0.9

    def examined(self, appeal: Appeal, lists: Lists) -> Floats:
        """Each look follows from the one before: look (1 - attraction satisfaction) gamma."""
        looked = np.empty(len(lists.position))
        look = np.ones(len(lists.sizes))
        for rows in lists.columns:
            looked[rows] = look = look[: len(rows)]
            stop = appeal.attraction[rows] * appeal.satisfaction[rows]
            look = look * (1 - stop) * self.continuation
        return looked

    def _read(self, appeal: Appeal, lists: Lists, decide: Decide) -> tuple[Floats, Clicks]:
        chance, click = np.empty(len(lists.position)), np.empty(len(lists.position), np.float32)
        look = np.ones(len(lists.sizes))  # P(looked at | clicks before)
        for rows in lists.columns:
            look, attraction = look[: len(rows)], appeal.attraction[rows]
            chance[rows] = look * attraction
            clicked = decide(rows, chance[rows])
            click[rows] = clicked
            passed = look * (1 - attraction) / np.maximum(1 - look * attraction, TINY)
            on = np.where(clicked, 1 - appeal.satisfaction[rows], passed)
            look = on * self.continuation
        return chance, click
