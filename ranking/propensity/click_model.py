"""Examination as a click model finds it."""

from __future__ import annotations

import numpy as np

from ranking.clicks.fit import fit
from ranking.propensity.estimate import Estimate
from ranking.propensity.propensity import Propensity
from ranking.propensity.shown_clicks import Array, Doubles, ShownClicks

_READS = {
    "pbm": "by position alone",
    "cascade": "from the top to their first click",
    "ubm": "by position and their last click above",
    "dbn": "from the top until a click satisfies them, or they give up",
    "sdbn": "from the top until a click satisfies them",
}


def click_model(
    sizes: Array,
    position: Array,
    click: Array,
    *,
    item: Array,
    kind: str,
    depth: int | None = None,
    cluster: Array | None = None,
    draws: int = 20,
    seed: int = 0,
) -> Propensity:
    """Mean P(looked at) by position over the lists that were logged, by `ranking.clicks.fit`.

    item: integers or text (rows,), a query and its document. Whole lists are drawn, and the model
    fitted anew, for intervals.

    Raises:
        DataError: a damaged log.
        ConfigError: an unknown kind.
    """
    log = ShownClicks.of(sizes, position, click, depth, cluster)
    items = np.unique(log.rows(item, "item"), return_inverse=True)[1]
    some = log.sizes > 0
    lengths = log.sizes[some]
    starts = np.cumsum(lengths) - lengths

    def curve(weight: Doubles) -> Doubles:
        times = weight[starts].astype(np.int64)
        drawn = np.repeat(lengths, times)
        ends = np.cumsum(drawn)
        rows = np.arange(ends[-1]) + np.repeat(np.repeat(starts, times) - ends + drawn, drawn)
        found = fit(kind, items[rows], log.position[rows], log.click[rows], drawn).examination
        return np.concatenate([found, np.full(log.depth - len(found), np.nan)])

    assumes = (
        f"Users look {_READS.get(kind)}; an item attracts as often wherever and to whomever it is "
        "shown. Examination is a mean over the lists of this log: of other lists it is another, "
        "but for 'pbm'."
    )
    return Estimate(kind, assumes, {}, log, curve, (items,)).propensity(draws, seed)
