"""Examination from several rankers whose orders are known by what they showed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.errors import DataError
from ranking.propensity.harvesting import of_items
from ranking.propensity.propensity import Propensity
from ranking.propensity.shown_clicks import Array, ShownClicks

_STEADY = 0.5  # of the rows: below, a place is hardly the ranker's


def harvest_rankers(
    sizes: Array,
    position: Array,
    click: Array,
    *,
    item: Array,
    ranker: Array,
    method: str = "pairs",
    depth: int | None = None,
    cluster: Array | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Propensity:
    """Clicks at k and k' on what one ranker shows at k and another at k'.

    item: integers or text (rows,), a query and its document. ranker: int (queries,), which one was
    shown, drawn without regard to the query; negative where none was. Where a ranker puts an item
    is where it shows it most often; rows that stand elsewhere (shuffled, swapped, or of the
    ranker's earlier days) are left out, so that rankers alone move items. `harvest` needs no such
    guess, but the ranks. The sets are those of Agarwal et al., WSDM 2019, items weighed as in
    `harvest_items`, which needs no equal share of the traffic.

    Raises:
        DataError: a damaged log, one ranker alone, rankers that agree or have no places, or a
            position that nothing links with the top.
        ConfigError: an unknown method.
    """
    log = ShownClicks.of(sizes, position, click, depth, cluster)
    by = log.queries(ranker, "ranker").astype(np.int64)
    rankers = np.unique(by[by >= 0])
    if len(rankers) < 2:
        raise DataError(
            "Harvesting needs lists of two or more rankers; `ranker` names "
            f"{len(rankers)}. Log another ranker, or harvest items."
        )
    items = np.unique(log.rows(item, "item"), return_inverse=True)[1]
    known = by >= 0
    steady = known & _at_home(items * (by.max() + 1) + np.maximum(by, 0), log.position, known)
    share = steady.sum() / known.sum()
    if share < _STEADY:
        raise DataError(
            "A ranker must show an item at one position most of the time, for its order to be told "
            f"by what it showed; {share:.0%} of the rows stand where theirs does. Let `item` name "
            "the query too, or log the ranks."
        )
    own = np.bincount(log.query[steady], minlength=len(log.sizes))
    kept = ShownClicks.of(own, log.position[steady], log.click[steady], depth, cluster)
    assumes = (
        "Which ranker answered a query was drawn without regard to the query; a click needs that "
        "the position was examined and, independently, that the item was relevant; rankers move "
        "items but do not change what users examine."
    )
    return of_items("harvest", assumes, kept, items[steady], method).propensity(draws, seed)


def _at_home(
    pair: npt.NDArray[np.int64], position: npt.NDArray[np.int32], known: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Whether a row stands where its pair of item and ranker stands most often, bool (rows,)."""
    width = int(position.max()) + 1
    cell, inverse = np.unique(pair * width + position, return_inverse=True)
    times = np.bincount(inverse, known, len(cell))
    owner = np.unique(cell // width, return_inverse=True)[1]
    most = np.lexsort((cell, -times, owner))  # of equals the upper position
    first = most[np.unique(owner[most], return_index=True)[1]]
    home = np.zeros(len(cell), np.bool_)
    home[first] = True
    found: npt.NDArray[np.bool_] = home[inverse]
    return found
