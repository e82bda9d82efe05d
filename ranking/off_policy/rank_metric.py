"""RankMetric: what a relevant row is worth at each rank, as a value that prints and parses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features.errors import ConfigError
from ranking.off_policy.rounds import Floats, Rounds

# What a relevant row is worth at ranks counted from 0.
_WORTH: dict[str, Callable[[Floats], Floats]] = {
    "dcg": lambda rank: 1 / np.log2(rank + 2),
    "ndcg": lambda rank: 1 / np.log2(rank + 2),
    "mrr": lambda rank: 1 / (rank + 1),
    "hits": np.ones_like,
}
_TEXT = re.compile(rf"({'|'.join(_WORTH)})(?:@([1-9]\d{{0,4}}))?")


@dataclass(frozen=True)
class RankMetric:
    """dcg, ndcg: 1 / log2(rank + 1); mrr: 1 / rank; hits: 1; nothing beyond the cutoff.

    All but ndcg add up over relevant rows, so that weighted clicks estimate them without bias.
    """

    name: str
    cutoff: int | None = None

    @classmethod
    def parse(cls, text: str) -> RankMetric:
        """`name` or `name@cutoff`; ConfigError otherwise."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ConfigError(
                f"A counterfactual metric must be one of {', '.join(_WORTH)}, with or without a "
                f"cutoff such as @10; got '{text}'."
            )
        return cls(found[1], int(found[2]) if found[2] else None)

    def __str__(self) -> str:
        return self.name if self.cutoff is None else f"{self.name}@{self.cutoff}"

    @property
    def normalised(self) -> bool:
        """Whether a query's sum is divided by that of its best order."""
        return self.name == "ndcg"

    def worth(self, ranks: int) -> Floats:
        """Float64 (ranks,) from the first rank down."""
        rank = np.arange(ranks, dtype=np.float64)
        worth = _WORTH[self.name](rank)
        if self.cutoff is not None:
            worth[self.cutoff :] = 0.0
        return worth

    def of_rows(self, scores: Floats, rounds: Rounds) -> Floats:
        """What each row (rows,) is worth in the order of scores from high to low, by query.

        Rows of one score have no order: each is worth the mean over the ranks they share.
        """
        order = np.lexsort((-scores, rounds.of_row))
        ranked, query = scores[order], rounds.of_row  # whose queries stand where they stood
        first = np.empty(len(order), bool)
        first[:1] = True
        first[1:] = (ranked[1:] != ranked[:-1]) | (query[1:] != query[:-1])
        ties = np.flatnonzero(first)
        many = np.diff(ties, append=len(order))
        worth = self.worth(int(rounds.sizes.max()))[rounds.place]
        found = np.empty(len(order))
        found[order] = np.repeat(np.add.reduceat(worth, ties) / many, many)
        return found
