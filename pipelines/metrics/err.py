"""ERR: the reciprocal rank at which a user who reads from the top is satisfied."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pipelines.metrics.conventions import TREC, Convention
from pipelines.metrics.metric import require_integer
from pipelines.metrics.ranked_groups import Floats, RankedGroups
from pipelines.metrics.ranking_metric import Within


@dataclass(frozen=True)
class ERR(Within):
    """Expected reciprocal rank, expected over tied orders.

    sum_{r=1..k} (1 / r) R_r prod_{s<r} (1 - R_s), R = (2^label - 1) / 2^highest, labels up to
    `highest`. Chapelle et al., "Expected Reciprocal Rank for Graded Relevance", CIKM 2009.

    `trec`: err@k of the TREC Web track's gdeval.pl, which has highest=4, compares scores as
    float64, and leaves queries without relevant rows out of its own mean (`empty=skip`).
    """

    highest: int = 4

    symbol: ClassVar[str] = "ERR"
    conventions: ClassVar[Mapping[str, Convention]] = {"trec": replace(TREC, single=False)}

    def __post_init__(self) -> None:
        super().__post_init__()
        require_integer(ERR, "highest", self.highest)

    def _largest_grade(self) -> float:
        return self.highest

    def _by_query(self, ranked: RankedGroups) -> Floats:
        stay = 1 - (np.exp2(ranked.labels) - 1) / 2.0**self.highest  # (rows,), above 0
        reached = ranked.spread(np.exp(ranked.sums_above(ranked.tie_sums(np.log(stay)))))
        after = _stays(stay, ranked, self.cutoff)
        before = np.ones_like(after)
        before[1:] = np.where(ranked.place_in_tie[1:] > 0, after[:-1], 1.0)
        stops = reached * (before - after) * self._reached(ranked)
        return ranked.group_sums(stops / (ranked.rank + 1))


def _stays(stay: Floats, ranked: RankedGroups, cutoff: int | None) -> Floats:
    """(rows,) P(nobody stops in the tie down to this place), over all orders of the tie.

    At place j of m rows it is e_j(stay) / C(m, j), e_j the elementary symmetric polynomial; row
    by row, p_j <- p_j (m - j) / m + p_{j-1} stay j / m, whose terms are all from 0 to 1.
    Places beyond the cutoff, and those not shown, are 0.
    """
    found = np.zeros_like(stay)
    sizes = ranked.tie_sizes * ranked.shown
    for size in np.unique(sizes[sizes > 0]):
        wide = int(size if cutoff is None else min(size, cutoff))
        rows = ranked.ties[sizes == size][:, None] + np.arange(size)  # (ties, size)
        chance = np.zeros((len(rows), wide + 1))
        chance[:, 0] = 1.0
        for many in range(1, size + 1):
            place = np.arange(1, min(many, wide) + 1)
            with_it = chance[:, place - 1] * stay[rows[:, many - 1], None] * place
            chance[:, place] = (chance[:, place] * (many - place) + with_it) / many
        found[rows[:, :wide]] = chance[:, 1:]
    return found
