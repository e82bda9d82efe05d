"""nDCG, MRR, MAP, Precision, Recall and HitRate: how well each query's rows are ordered.

Rows of one score have no order, so every measure here is its expected value over all orders of
the tied rows, in closed form: McSherry & Najork, "Computing Information Retrieval Performance
Measures Efficiently in the Presence of Tied Scores", ECIR 2008. It does not depend on row order.
Conventions that rank tied rows leave no ties, where the same forms are the plain definitions.
"""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, get_args

import numpy as np

from features.errors import ConfigError
from pipelines.metrics.conventions import LETOR4, SKLEARN, TREC, XGBOOST, Convention, Gain
from pipelines.metrics.metric import require_integer
from pipelines.metrics.ranked_groups import Floats, Ints, RankedGroups
from pipelines.metrics.ranking_metric import RankingMetric, Within, relevance

LARGEST_EXP2_GRADE = 31.0  # XGBoost's limit too: 2^31 gains still add up exactly in float64


@dataclass(frozen=True)
class NDCG(Within):
    """Normalised discounted cumulative gain, ties by their averaged gain.

    DCG = sum_{r=1..k} g(label_r) / log2(r + 1), over the DCG of the labels sorted;
    g(l) = l for `linear`, 2^l - 1 for `exp2` (labels up to 31). All ranks without a cutoff.
    Järvelin & Kekäläinen, TOIS 2002; exp2: Burges et al., ICML 2005.

    `trec`: ndcg_cut of trec_eval; the ideal is of all judged rows, shown or not. `sklearn`:
    ndcg_score, a query without relevant rows counts 0. `xgboost`: ndcg@k with exp2 gain; a query
    without relevant rows adds 1 whatever its weight (`empty=zero` is ndcg@k-). `letor4`: exp2 gain
    and discounts 1, 1, 1 / log2(r) from the third rank; a query of fewer than k rows counts 0.
    """

    gain: Gain | None = field(default=None, metadata={"choices": get_args(Gain)})

    symbol: ClassVar[str] = "nDCG"
    conventions: ClassVar[Mapping[str, Convention]] = {
        "trec": TREC,
        "sklearn": SKLEARN,
        "xgboost": replace(XGBOOST, weighed=False),
        "letor4": LETOR4,
    }

    @property
    def _exp2(self) -> bool:
        return (self.gain or self.convention.gain) == "exp2"

    def _largest_grade(self) -> float:
        return LARGEST_EXP2_GRADE if self._exp2 else np.inf

    def _gains(self, labels: Floats) -> Floats:
        return np.exp2(labels) - 1 if self._exp2 else labels

    def _discounts(self, ranks: int) -> Floats:
        rank = np.arange(1.0, ranks + 1)
        letor = self.as_ == "letor4"
        discounts: Floats = 1 / np.log2(np.maximum(rank, 2) if letor else rank + 1)
        if self.cutoff is not None:
            discounts[self.cutoff :] = 0.0
        return discounts

    def _by_query(self, ranked: RankedGroups) -> Floats:
        discount = self._discounts(int(ranked.sizes.max()))[ranked.rank]  # (rows,)
        gain = ranked.tie_sums(self._gains(ranked.labels)) / ranked.tie_sizes * ranked.shown
        found = ranked.group_sums_of_ties(gain * ranked.tie_sums(discount))
        ideal = ranked.group_sums(self._gains(ranked.best_labels) * discount)
        if self.as_ == "letor4" and self.cutoff is not None:
            found[ranked.shown_sizes < self.cutoff] = 0.0
        return found / np.where(ideal > 0, ideal, 1.0)


@dataclass(frozen=True)
class MRR(Within):
    """Mean reciprocal rank, 1 / (rank of the first relevant row), expected over tied orders.

    0 where that rank is beyond the cutoff. Voorhees, "The TREC-8 Question Answering Track
    Report", 1999. `trec`: recip_rank.
    """

    symbol: ClassVar[str] = "MRR"
    conventions: ClassVar[Mapping[str, Convention]] = {"trec": TREC}

    def _by_query(self, ranked: RankedGroups) -> Floats:
        relevant = ranked.tie_sums(relevance(ranked))
        untouched = ranked.spread(ranked.sums_above(relevant) == 0)
        many, size = ranked.spread(relevant.astype(np.intp)), ranked.spread(ranked.tie_sizes)
        place = ranked.place_in_tie
        first = _none_relevant(size, many, place) * many / (size - place)  # (rows,)
        return ranked.group_sums(self._reached(ranked) * untouched * first / (ranked.rank + 1))


@dataclass(frozen=True)
class MAP(Within):
    """Mean average precision, expected over tied orders.

    AP = sum over relevant rows (within the cutoff) of (relevant rows down to it) / (its rank),
    over the relevant rows of the query.

    `trec`: map and map_cut. `sklearn`: label_ranking_average_precision_score, where each tied row
    has the lowest of their ranks; a query without relevant rows counts 1; no cutoff. `xgboost`:
    map@k, over at most k relevant rows; a query without them counts 1 (`empty=zero` is map@k-).
    `letor4`: MAP, a query without relevant rows counts 0.
    """

    symbol: ClassVar[str] = "MAP"
    conventions: ClassVar[Mapping[str, Convention]] = {
        "trec": TREC,
        "sklearn": replace(SKLEARN, empty="one"),
        "xgboost": replace(XGBOOST, labels="binary"),
        "letor4": LETOR4,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.as_ in ("sklearn", "letor4") and self.cutoff is not None:
            raise ConfigError(
                f"MAP as {self.as_} has no cutoff; got {self.cutoff}; write MAP(as={self.as_})"
            )

    def _by_query(self, ranked: RankedGroups) -> Floats:
        relevant = ranked.tie_sums(relevance(ranked))
        total = ranked.group_sums_of_ties(relevant)
        size = ranked.tie_sizes
        if self.as_ == "sklearn":
            upto = ranked.sums_above(relevant) + relevant
            precision = relevant * upto / (ranked.rows_above + size) * ranked.shown
            return ranked.group_sums_of_ties(precision) / np.maximum(total, 1)
        if self.as_ == "xgboost":
            total = np.minimum(total, self.cutoff or np.inf)
        others = np.maximum(relevant - 1, 0) / np.maximum(size - 1, 1)
        upto = ranked.spread(ranked.sums_above(relevant)) + 1
        upto += ranked.place_in_tie * ranked.spread(others)
        precision = self._reached(ranked) * ranked.spread(relevant / size) * upto
        return ranked.group_sums(precision / (ranked.rank + 1)) / np.maximum(total, 1)


@dataclass(frozen=True)
class _AtCutoff(RankingMetric, ABC):
    """A measure of the first `cutoff` rows."""

    cutoff: int

    def __post_init__(self) -> None:
        super().__post_init__()
        require_integer(type(self), "cutoff", self.cutoff)

    def _slots(self, ranked: RankedGroups) -> Ints:
        """(ties,) how many rows of each tie stand within the cutoff."""
        return np.clip(self.cutoff - ranked.rows_above, 0, ranked.tie_sizes) * ranked.shown

    def _hits(self, ranked: RankedGroups) -> Floats:
        """(queries,) expected relevant rows within the cutoff."""
        share = ranked.tie_sums(relevance(ranked)) / ranked.tie_sizes
        return ranked.group_sums_of_ties(share * self._slots(ranked))


@dataclass(frozen=True)
class Precision(_AtCutoff):
    """Relevant rows within the cutoff, over the cutoff even where a query has fewer rows.

    `trec`: P; `letor4`: P@n. `xgboost`: pre@k, over the rows of the query where those are fewer.
    A query without relevant rows counts 0 in all three.
    """

    symbol: ClassVar[str] = "Precision"
    conventions: ClassVar[Mapping[str, Convention]] = {
        "trec": TREC,
        "xgboost": replace(XGBOOST, empty="zero", labels="binary"),
        "letor4": LETOR4,
    }

    def _by_query(self, ranked: RankedGroups) -> Floats:
        if self.as_ == "xgboost":
            return self._hits(ranked) / np.clip(ranked.shown_sizes, 1, self.cutoff)
        return self._hits(ranked) / self.cutoff


@dataclass(frozen=True)
class Recall(_AtCutoff):
    """Relevant rows within the cutoff, over the relevant rows of the query. `trec`: recall."""

    symbol: ClassVar[str] = "Recall"
    conventions: ClassVar[Mapping[str, Convention]] = {"trec": TREC}

    def _by_query(self, ranked: RankedGroups) -> Floats:
        return self._hits(ranked) / np.maximum(ranked.group_sums(relevance(ranked)), 1)


@dataclass(frozen=True)
class HitRate(_AtCutoff):
    """Whether a relevant row stands within the cutoff: a probability where ties straddle it.

    `trec`: success.
    """

    symbol: ClassVar[str] = "HitRate"
    conventions: ClassVar[Mapping[str, Convention]] = {"trec": TREC}

    def _by_query(self, ranked: RankedGroups) -> Floats:
        relevant = ranked.tie_sums(relevance(ranked))
        miss = _none_relevant(ranked.tie_sizes, relevant.astype(np.intp), self._slots(ranked))
        return 1 - np.multiply.reduceat(miss, ranked.first_ties)


def _none_relevant(size: Ints, relevant: Ints, first: Ints) -> Floats:
    """P(no relevant row among the first of a tie) = C(size - relevant, first) / C(size, first)."""
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1.0, size.max() + 1)))))
    spare = size - relevant - first
    spared = log_factorial[size - relevant] - log_factorial[np.maximum(spare, 0)]
    chosen = log_factorial[size] - log_factorial[size - first]
    chance: Floats = np.where(spare >= 0, np.exp(spared - chosen), 0.0)
    return chance
