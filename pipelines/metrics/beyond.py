"""Coverage, Gini, Novelty, Popularity, PopularityLift and Diversity: what is shown, liked or not.

They are of the first `cutoff` rows of each query, ties by item id from high to low, as trec_eval
ranks them, and look at no label. None is better for being higher.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.errors import DataError
from pipelines.metrics.group_values import GroupValues
from pipelines.metrics.items import Items
from pipelines.metrics.metric import GroupedMetric, Metric, ratio, require_integer
from pipelines.metrics.predictions import ITEM, QUERY, Predictions
from pipelines.metrics.ranked_groups import Floats, Ints, RankedGroups
from pipelines.metrics.ranking_metric import query_weights


@dataclass(frozen=True)
class ShownMetric(Metric, ABC):
    """A measure of the items within the cutoff; it needs `Predictions.items`, the catalogue."""

    cutoff: int

    higher_is_better: ClassVar[bool | None] = None
    needs_items: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_integer(type(self), "cutoff", self.cutoff)

    @property
    def needs_groups(self) -> tuple[str, ...]:
        """The columns of queries and items."""
        return (QUERY, ITEM)

    def shown(self, data: Predictions) -> "Shown":
        """What was shown; DataError without an item column, or a catalogue."""
        data.require_groups(str(self), self.needs_groups)
        items = data.require_items(str(self))
        ranked = data.ranked(QUERY, "item")
        rows = np.flatnonzero(ranked.spread(ranked.shown) & (ranked.rank < self.cutoff))
        query = np.repeat(np.arange(ranked.starts.size), ranked.sizes)[rows]
        ids = data.groups[ITEM][ranked.order[rows]]
        number = items.numbers(ids)
        if number.size and number.max() < 0:
            raise DataError(
                f"{self} needs shown items that the catalogue has; none of {number.size} is among "
                f"its {len(items.ids)}, such as {str(ids[0])!r} and {str(items.ids[0])!r}; check "
                "that both name items alike"
            )
        return Shown(ranked, query, number, query_weights(str(self), ranked), items)


@dataclass(frozen=True, eq=False)
class Shown:
    """`query`, `item`: (shown rows,) number of the query, and of the item in the catalogue, -1
    where it is not there; `weights`: (queries,)."""

    ranked: RankedGroups
    query: Ints
    item: Ints
    weights: Floats
    items: Items

    def mean_by_query(self, values: Floats) -> GroupValues:
        """The mean over the shown rows (shown rows,) of each query; skipped where it has none."""
        many = _sums(self.query, np.ones_like(values), self.weights.size)
        total = _sums(self.query, values, self.weights.size)
        return GroupValues(self.ranked.keys, ratio(total, many), self.weights, many > 0)

    def counts(self) -> Floats:
        """(shown rows,) how often the log holds the item, 0 where it does not."""
        return np.where(self.item >= 0, self.items.counts[self.item], 0.0)

    def exposure(self) -> Floats:
        """(items,) weight of the places that each item of the catalogue was shown at."""
        known = self.item >= 0
        return _sums(self.item[known], self.weights[self.query[known]], len(self.items.ids))


@dataclass(frozen=True)
class Coverage(ShownMetric):
    """The share of the catalogue that is shown to anyone: |union_q shown_q| / |catalogue|.

    Items shown that the catalogue lacks do not count. Ge et al., "Beyond Accuracy: Evaluating
    Recommender Systems by Coverage and Serendipity", RecSys 2010.
    """

    symbol: ClassVar[str] = "Coverage"
    resampled: ClassVar[bool] = False  # queries drawn twice show nothing more

    def compute(self, data: Predictions) -> float:
        """The share, from 0 to 1."""
        exposure = self.shown(data).exposure()
        return float(np.count_nonzero(exposure) / exposure.size)


@dataclass(frozen=True)
class Gini(ShownMetric):
    """How unequally the catalogue's items are exposed: 0 where alike, near 1 where few have all.

    sum_i (2 i - n - 1) x_i / (n sum_i x_i), x_i the exposures in rising order, of all n items of
    the catalogue. Fleder & Hosanagar, "Blockbuster Culture's Next Rise or Fall", 2009.
    """

    symbol: ClassVar[str] = "Gini"
    resampled: ClassVar[bool] = False  # queries drawn twice show nothing more

    def compute(self, data: Predictions) -> float:
        """The index."""
        exposure = np.sort(self.shown(data).exposure())
        many = exposure.size
        ranks = 2 * np.arange(1, many + 1) - many - 1
        return float(ranks @ exposure / (many * max(exposure.sum(), np.finfo(float).tiny)))


@dataclass(frozen=True)
class _ShownMean(ShownMetric, GroupedMetric, ABC):
    """A measure of each query's shown items, averaged by the queries' weights."""

    skips: ClassVar[str] = "they show no item"

    def per_group(self, data: Predictions) -> GroupValues:
        """The measure by query; DataError as `shown`, and for weights that differ in a query."""
        return self._by_query(self.shown(data))

    @abstractmethod
    def _by_query(self, shown: Shown) -> GroupValues:
        """Of each query."""


@dataclass(frozen=True)
class Novelty(_ShownMean):
    """Mean self-information of the shown items, in bits: -log2(rows of the item / all rows).

    Of the training log; an item that it lacks counts as if it were there once. Zhou et al.,
    "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS 2010.
    """

    symbol: ClassVar[str] = "Novelty"

    def _by_query(self, shown: Shown) -> GroupValues:
        return shown.mean_by_query(-np.log2(np.maximum(shown.counts(), 1) / shown.items.total))


@dataclass(frozen=True)
class Popularity(_ShownMean):
    """Average recommendation popularity: the mean rows in the training log of the shown items.

    Yin et al., "Challenging the Long Tail Recommendation", VLDB 2012.
    """

    symbol: ClassVar[str] = "Popularity"

    def _by_query(self, shown: Shown) -> GroupValues:
        return shown.mean_by_query(shown.counts())


@dataclass(frozen=True)
class PopularityLift(_ShownMean):
    """How much more popular the shown items are than those of the log's own rows.

    Popularity / (sum_i n_i^2 / sum_i n_i) - 1, n_i the rows of item i: 0 where a list is as
    popular as what people met before. Abdollahpouri et al., "The Connection Between Popularity
    Bias, Calibration, and Fairness in Recommendation", RecSys 2020, for all users as one group.
    """

    symbol: ClassVar[str] = "PopularityLift"

    def _by_query(self, shown: Shown) -> GroupValues:
        counts = shown.items.counts
        return shown.mean_by_query(shown.counts() / (counts @ counts / shown.items.total) - 1)


@dataclass(frozen=True)
class Diversity(_ShownMean):
    """Intra-list distance: the mean distance of two shown items, over all pairs of a list.

    1 - cosine of the items' vectors; of categories, 1 where they differ. Lists of fewer than two
    items that the catalogue describes are skipped. Ziegler et al., "Improving Recommendation
    Lists Through Topic Diversification", WWW 2005.
    """

    symbol: ClassVar[str] = "Diversity"
    skips: ClassVar[str] = "they show fewer than two items that the catalogue describes"

    def _by_query(self, shown: Shown) -> GroupValues:
        if shown.items.vectors is None:
            raise DataError(
                f"{self} needs items described by categories or vectors; got ids alone; pass "
                "Items(..., vectors=...)"
            )
        length = np.linalg.norm(shown.items.vectors, axis=1, keepdims=True)
        unit = shown.items.vectors / np.where(length > 0, length, 1.0)
        known = shown.item >= 0
        query, item = shown.query[known], shown.item[known]
        many = _sums(query, np.ones(query.size), shown.weights.size)
        own = _sums(query, (unit * unit).sum(axis=1)[item], many.size)
        total = np.zeros((many.size, unit.shape[1]))
        np.add.at(total, query, unit[item])
        alike = ((total * total).sum(axis=1) - own) / 2  # the sum of the cosines of all pairs
        pairs = many * (many - 1) / 2
        values = 1 - ratio(alike, pairs)
        return GroupValues(shown.ranked.keys, values, shown.weights, pairs > 0)


def _sums(place: Ints, values: Floats, size: int) -> Floats:
    """(size,) the sum of the values at each place."""
    return np.bincount(place, values, size).astype(np.float64)
