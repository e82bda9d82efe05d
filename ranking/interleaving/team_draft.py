"""Team-draft interleaving of two rankings, and multileaving of more."""

import numpy as np
import numpy.typing as npt

from ranking.interleaving.interleaved import Interleaved, as_rankings


def team_draft(
    rankings: list[npt.ArrayLike], rng: np.random.Generator, depth: int | None = None
) -> Interleaved:
    """In each round every ranking, in an order drawn anew, places its best item not yet placed.

    A click credits the ranking that placed the row. Radlinski, Kurup & Joachims, CIKM 2008; for
    more than two rankings Schuth et al., CIKM 2014. A ranking that has run out is passed over.

    Raises:
        DataError: rankings that cannot be interleaved.
    """
    lists, wanted = as_rankings(rankings, depth)
    left = [iter(items) for items in lists]
    placed: dict[object, int] = {}
    while len(placed) < wanted:
        for team in rng.permutation(len(lists)):
            best = next((item for item in left[team] if item not in placed), None)
            if best is not None and len(placed) < wanted:
                placed[best] = int(team)
    teams = np.array(list(placed.values()), np.int64)
    return Interleaved(np.array(list(placed)), teams, np.eye(len(lists))[teams])
