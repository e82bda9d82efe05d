"""The position-based model."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ranking.clicks.appeal import Appeal
from ranking.clicks.lists import Lists
from ranking.clicks.model import ClickModel, Clicks, Decide, Floats

Probability = Annotated[float, Field(ge=0, le=1)]
ByPosition = Annotated[tuple[Probability, ...], Field(min_length=1)]


class Pbm(ClickModel):
    """P(click at k) = examination_k attraction; a position beyond the last counts as the last.

    Craswell, Zoeter, Taylor & Ramsey, An Experimental Comparison of Click Position-Bias Models,
    WSDM 2008.
    """

    type: Literal["pbm"] = "pbm"
    examination: ByPosition

    def examined(self, appeal: Appeal, lists: Lists) -> Floats:  # noqa: ARG002
        return at(self.examination, lists)

    def _read(self, appeal: Appeal, lists: Lists, decide: Decide) -> tuple[Floats, Clicks]:
        chance = self.probability(appeal, lists)
        return chance, decide(np.arange(len(chance)), chance).astype(np.float32)


def at(values: tuple[float, ...], lists: Lists) -> Floats:
    """The value of each row's position, the last one beyond them, float64 (rows,)."""
    return np.array(values)[np.minimum(lists.position, len(values) - 1)]
