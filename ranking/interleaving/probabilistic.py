"""Probabilistic interleaving: rankings as distributions, so that any list may be shown."""

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from ranking.interleaving.interleaved import Floats, Interleaved, as_rankings


def probabilistic(
    rankings: list[npt.ArrayLike],
    rng: np.random.Generator,
    depth: int | None = None,
    decay: float = 3.0,
) -> Interleaved:
    """Each row: a ranking is drawn, and from it an item with P ~ 1 / rank^decay among those left.

    A click credits each ranking by the probability that it placed the row, P(item) over their sum:
    the assignment that was drawn is marginalised away, which leaves less noise. Equations 1 and 4
    of Hofmann, Whiteson & de Rijke, CIKM 2011; an item a ranking lacks has probability 0 there.

    Raises:
        DataError: rankings that cannot be interleaved.
        ConfigError: decay is not above 0.
    """
    if not decay > 0:
        raise ConfigError(f"The decay over ranks must be above 0; got {decay}.")
    lists, wanted = as_rankings(rankings, depth)
    pool = list(dict.fromkeys(item for items in lists for item in items))
    chance = _chances(lists, pool, decay)  # (rankings, pool)
    shown: list[int] = []
    teams: list[int] = []
    credit: list[Floats] = []
    while len(shown) < wanted:
        totals = chance.sum(1)
        team = int(rng.choice(np.flatnonzero(totals > 0)))  # one that has run out is passed over
        item = int(rng.choice(len(pool), p=chance[team] / totals[team]))
        by_team = chance[:, item] / np.where(totals > 0, totals, 1)
        shown.append(item)
        teams.append(team)
        credit.append(by_team / by_team.sum())
        chance[:, item] = 0
    items = np.array([pool[item] for item in shown])
    return Interleaved(items, np.array(teams, np.int64), np.array(credit))


def _chances(lists: list[list[object]], pool: list[object], decay: float) -> Floats:
    where = {item: place for place, item in enumerate(pool)}
    chance = np.zeros((len(lists), len(pool)))
    for team, items in enumerate(lists):
        places = [where[item] for item in items]
        chance[team, places] = np.arange(1.0, len(items) + 1) ** -decay
    return chance
