"""The cascade model."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ranking.clicks.appeal import Appeal
from ranking.clicks.dbn import Dbn
from ranking.clicks.lists import Lists
from ranking.clicks.model import ClickModel, Clicks, Decide, Floats

_READER = Dbn(continuation=1.0)


class Cascade(ClickModel):
    """Users read from the top to the first click, which ends it, or to the end of the list.

    A DBN whose every click satisfies. Craswell, Zoeter, Taylor & Ramsey, An Experimental Comparison
    of Click Position-Bias Models, WSDM 2008.
    """

    type: Literal["cascade"] = "cascade"

    def examined(self, appeal: Appeal, lists: Lists) -> Floats:
        return _READER.examined(_satisfying(appeal), lists)

    def _read(self, appeal: Appeal, lists: Lists, decide: Decide) -> tuple[Floats, Clicks]:
        return _READER._read(_satisfying(appeal), lists, decide)


def _satisfying(appeal: Appeal) -> Appeal:
    return Appeal(appeal.attraction, np.ones_like(appeal.attraction))
