"""nDCG, MRR, MAP, Precision, Recall and HitRate: how well each query's rows are ordered.

Rows of one score have no order, so every measure here is its expected value over all orders of
the tied rows, in closed form: McSherry & Najork, "Computing Information Retrieval Performance
Measures Efficiently in the Presence of Tied Scores", ECIR 2008. It does not depend on row order.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np

from features.errors import DataError
from pipelines.metrics.group_values import GroupValues
from pipelines.metrics.metric import GroupedMetric, require_choice, require_integer
from pipelines.metrics.predictions import QUERY, Predictions
from pipelines.metrics.ranked_groups import Floats, Ints, RankedGroups

Empty = Literal["skip", "zero", "one"]
Gain = Literal["linear", "exp2"]
LARGEST_EXP2_GRADE = 31.0  # XGBoost's limit too: 2^31 gains still add up exactly in float64


@dataclass(frozen=True)
class RankingMetric(GroupedMetric, ABC):
    """A measure of each query, averaged by the queries' weights.

    A row is relevant where its label is above 0. A query without relevant rows is skipped, or
    counts 0 or 1, as `empty` says. A query's weight is that of its rows, which must agree.
    """

    empty: Empty = field(default="skip", kw_only=True)

    higher_is_better: ClassVar[bool | None] = True
    skips: ClassVar[str] = "they hold no label above 0"

    def __post_init__(self) -> None:
        require_choice(type(self), "empty", self.empty, get_args(Empty))

    @property
    def needs_groups(self) -> tuple[str, ...]:
        """The query column."""
        return (QUERY,)

    def per_group(self, data: Predictions) -> GroupValues:
        """The measure by query; DataError for bad grades and weights that differ in a query."""
        data.require_groups(str(self), self.needs_groups)
        data.require_relevance(str(self), self._largest_grade())
        ranked = data.ranked(QUERY)
        relevant = ranked.group_sums(_relevant(ranked)) > 0
        fill = {"skip": np.nan, "zero": 0.0, "one": 1.0}[self.empty]
        values = np.where(relevant, self._by_query(ranked), fill)
        counted = relevant if self.empty == "skip" else np.ones_like(relevant)
        return GroupValues(ranked.keys, values, _query_weights(str(self), ranked), counted)

    def _largest_grade(self) -> float:
        return np.inf

    @abstractmethod
    def _by_query(self, ranked: RankedGroups) -> Floats:
        """(queries,) the measure, of any finite value where a query has no relevant row."""


@dataclass(frozen=True)
class NDCG(RankingMetric):
    """Normalised discounted cumulative gain, ties by their averaged gain as in scikit-learn.

    DCG = sum_{r=1..k} g(label_r) / log2(r + 1), over the DCG of the labels sorted;
    g(l) = l for `linear`, 2^l - 1 for `exp2` (labels up to 31). All ranks without a cutoff.
    Järvelin & Kekäläinen, TOIS 2002; exp2: Burges et al., ICML 2005.
    """

    cutoff: int | None = None
    gain: Gain = "linear"

    symbol: ClassVar[str] = "nDCG"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cutoff is not None:
            require_integer(NDCG, "cutoff", self.cutoff)
        require_choice(NDCG, "gain", self.gain, get_args(Gain))

    def _largest_grade(self) -> float:
        return LARGEST_EXP2_GRADE if self.gain == "exp2" else np.inf

    def _gains(self, labels: Floats) -> Floats:
        return np.exp2(labels) - 1 if self.gain == "exp2" else labels

    def _by_query(self, ranked: RankedGroups) -> Floats:
        discounts = 1 / np.log2(np.arange(ranked.sizes.max()) + 2.0)
        if self.cutoff is not None:
            discounts[self.cutoff :] = 0.0
        discount = discounts[ranked.rank]  # (rows,)
        gain = ranked.tie_sums(self._gains(ranked.labels)) / ranked.tie_sizes
        found = ranked.group_sums_of_ties(gain * ranked.tie_sums(discount))
        ideal = ranked.group_sums(self._gains(ranked.best_labels) * discount)
        return found / np.where(ideal > 0, ideal, 1.0)


@dataclass(frozen=True)
class MRR(RankingMetric):
    """Mean reciprocal rank, 1 / (rank of the first relevant row), expected over tied orders.

    Voorhees, "The TREC-8 Question Answering Track Report", 1999.
    """

    symbol: ClassVar[str] = "MRR"

    def _by_query(self, ranked: RankedGroups) -> Floats:
        relevant = ranked.tie_sums(_relevant(ranked))
        untouched = ranked.spread(ranked.sums_above(relevant) == 0)
        many, size = ranked.spread(relevant.astype(np.intp)), ranked.spread(ranked.tie_sizes)
        place = ranked.place_in_tie
        first = _none_relevant(size, many, place) * many / (size - place)  # (rows,)
        return ranked.group_sums(untouched * first / (ranked.rank + 1))


@dataclass(frozen=True)
class MAP(RankingMetric):
    """Mean average precision, expected over tied orders.

    AP = sum over relevant rows of (relevant rows down to it) / (its rank) / relevant rows.
    """

    symbol: ClassVar[str] = "MAP"

    def _by_query(self, ranked: RankedGroups) -> Floats:
        relevant = ranked.tie_sums(_relevant(ranked))
        size = ranked.tie_sizes
        total = ranked.group_sums_of_ties(relevant)
        others = np.maximum(relevant - 1, 0) / np.maximum(size - 1, 1)
        upto = ranked.spread(ranked.sums_above(relevant)) + 1
        upto += ranked.place_in_tie * ranked.spread(others)
        precision = ranked.spread(relevant / size) * upto / (ranked.rank + 1)
        return ranked.group_sums(precision) / np.maximum(total, 1)


@dataclass(frozen=True)
class _AtCutoff(RankingMetric, ABC):
    """A measure of the first `cutoff` rows."""

    cutoff: int

    def __post_init__(self) -> None:
        super().__post_init__()
        require_integer(type(self), "cutoff", self.cutoff)

    def _slots(self, ranked: RankedGroups) -> Ints:
        """(ties,) how many rows of each tie stand within the cutoff."""
        return np.clip(self.cutoff - ranked.rows_above, 0, ranked.tie_sizes)

    def _hits(self, ranked: RankedGroups) -> Floats:
        """(queries,) expected relevant rows within the cutoff."""
        share = ranked.tie_sums(_relevant(ranked)) / ranked.tie_sizes
        return ranked.group_sums_of_ties(share * self._slots(ranked))


@dataclass(frozen=True)
class Precision(_AtCutoff):
    """Relevant rows within the cutoff, over the cutoff even where a query has fewer rows."""

    symbol: ClassVar[str] = "Precision"

    def _by_query(self, ranked: RankedGroups) -> Floats:
        return self._hits(ranked) / self.cutoff


@dataclass(frozen=True)
class Recall(_AtCutoff):
    """Relevant rows within the cutoff, over the relevant rows of the query."""

    symbol: ClassVar[str] = "Recall"

    def _by_query(self, ranked: RankedGroups) -> Floats:
        return self._hits(ranked) / np.maximum(ranked.group_sums(_relevant(ranked)), 1)


@dataclass(frozen=True)
class HitRate(_AtCutoff):
    """Whether a relevant row stands within the cutoff: a probability where ties straddle it."""

    symbol: ClassVar[str] = "HitRate"

    def _by_query(self, ranked: RankedGroups) -> Floats:
        relevant = ranked.tie_sums(_relevant(ranked))
        miss = _none_relevant(ranked.tie_sizes, relevant.astype(np.intp), self._slots(ranked))
        return 1 - np.multiply.reduceat(miss, ranked.first_ties)


def _relevant(ranked: RankedGroups) -> Floats:
    return (ranked.labels > 0).astype(np.float64)


def _none_relevant(size: Ints, relevant: Ints, first: Ints) -> Floats:
    """P(no relevant row among the first of a tie) = C(size - relevant, first) / C(size, first)."""
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1.0, size.max() + 1)))))
    spare = size - relevant - first
    spared = log_factorial[size - relevant] - log_factorial[np.maximum(spare, 0)]
    chosen = log_factorial[size] - log_factorial[size - first]
    chance: Floats = np.where(spare >= 0, np.exp(spared - chosen), 0.0)
    return chance


def _query_weights(who: str, ranked: RankedGroups) -> Floats:
    if ranked.weights is None:
        return np.ones(ranked.starts.size)
    least = np.minimum.reduceat(ranked.weights, ranked.starts)
    most = np.maximum.reduceat(ranked.weights, ranked.starts)
    mixed = least != most
    if mixed.any():
        query = int(mixed.argmax())
        raise DataError(
            f"{who} weighs whole queries, so the weights within a query must be equal; got "
            f"otherwise in {np.count_nonzero(mixed)} queries, first {ranked.keys[query]} with "
            f"{least[query]:g} to {most[query]:g}; pass predictions without weights"
        )
    return least
