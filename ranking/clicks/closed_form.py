"""Models whose parameters are shares of what was seen."""

from __future__ import annotations

import numpy as np

from ranking.clicks.appeal import Appeal
from ranking.clicks.dbn import Dbn
from ranking.clicks.dbn_em import Flags, Ints, Sessions
from ranking.clicks.em import Effort, Floats, share, totals


def fit_sdbn(sessions: Sessions, documents: int, effort: Effort) -> tuple[Dbn, Appeal]:
    """The simplified DBN: rows down to the last click were looked at, and the last click satisfied.

    Without a click all were looked at. Rows below the last click tell nothing here, though they may
    have been looked at, so attractions come out too high. Chapelle & Zhang, 2009, algorithm 1.
    """
    rank, last = sessions.lists.rank, sessions.last
    looked = (last < 0) | (rank <= last)
    stops = sessions.click & (rank == last)
    clicks = _count(sessions, sessions.click, documents)
    attraction = share(clicks, _count(sessions, looked, documents), effort.prior)
    satisfaction = share(_count(sessions, stops, documents), clicks, effort.prior)
    return Dbn(continuation=1.0), Appeal(attraction, satisfaction)


def fit_cascade(sessions: Sessions, documents: int, effort: Effort) -> Appeal:
    """The cascade model: rows down to the first click were looked at; what comes after is left out.

    It is the maximum of the likelihood for logs of at most one click a list.
    """
    above: Ints = np.cumsum(sessions.click) - sessions.click
    starts = np.cumsum(sessions.lists.sizes) - sessions.lists.sizes
    looked: Flags = above == np.repeat(above[starts], sessions.lists.sizes)
    clicks = _count(sessions, sessions.click & looked, documents)
    shown = _count(sessions, looked, documents)
    return Appeal(share(clicks, shown, effort.prior), np.ones(documents))


def _count(sessions: Sessions, flags: Flags, documents: int) -> Floats:
    return totals(sessions.document, flags, documents)
