"""RankingMetric: a measure of how each query's rows are ordered."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, get_args

import numpy as np

from features.errors import ConfigError, DataError
from pipelines.metrics.conventions import OWN, Convention, Empty
from pipelines.metrics.group_values import GroupValues
from pipelines.metrics.metric import GroupedMetric, require_choice, require_integer, written
from pipelines.metrics.predictions import ITEM, QUERY, Predictions, refuse_rows
from pipelines.metrics.ranked_groups import Floats, RankedGroups


@dataclass(frozen=True)
class RankingMetric(GroupedMetric, ABC):
    """A measure of each query, averaged by the queries' weights.

    A row is relevant where its label is above 0. A query without relevant rows is skipped, or
    counts 0 or 1, as `empty` says. A query's weight is that of its rows, which must agree.
    A row of score -inf was not shown: it takes no rank, yet what is relevant there was missed.
    `as_` computes the measure as a tool does; arguments left out are then the tool's.
    """

    as_: str | None = field(default=None, kw_only=True)
    empty: Empty | None = field(default=None, kw_only=True, metadata={"choices": get_args(Empty)})

    higher_is_better: ClassVar[bool | None] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    skips: ClassVar[str] = "they hold no label above 0"
    conventions: ClassVar[Mapping[str, Convention]] = {}

    def __post_init__(self) -> None:
        for one in fields(self):
            if (choices := self.choices(one)) and getattr(self, one.name) is not None:
                require_choice(type(self), written(one), getattr(self, one.name), choices)
            # What a convention says anyway is not said again, so that equal measures are equal.
            if hasattr(self.convention, one.name):
                told, own = getattr(self, one.name), getattr(self.convention, one.name)
                object.__setattr__(self, one.name, None if told == own else told)

    @classmethod
    def choices(cls, field: Field[Any]) -> tuple[str, ...]:
        """What an argument may be, where that is a list; `as`: the tools that have the measure."""
        return tuple(cls.conventions) if field.name == "as_" else super().choices(field)

    @property
    def convention(self) -> Convention:
        """Of the tool, or our own."""
        return OWN if self.as_ is None else self.conventions[self.as_]

    @property
    def needs_groups(self) -> tuple[str, ...]:
        """The query column, and that of the item where the convention ranks ties by it."""
        return (QUERY, ITEM) if self.convention.ties == "item" else (QUERY,)

    def per_group(self, data: Predictions) -> GroupValues:
        """The measure by query; DataError for bad grades and weights that differ in a query."""
        data.require_groups(str(self), self.needs_groups)
        self._require_labels(data)
        ranked = self.rank(data)
        relevant = ranked.group_sums(relevance(ranked)) > 0
        empty = self.empty or self.convention.empty
        fill = {"skip": np.nan, "zero": 0.0, "one": 1.0}[empty]
        weights = query_weights(str(self), ranked)
        share = 1.0 if self.convention.weighed else 1 / np.where(weights > 0, weights, 1.0)
        values = np.where(relevant, self._by_query(ranked), fill * share)
        counted = relevant if empty == "skip" else np.ones_like(relevant)
        return GroupValues(ranked.keys, values, weights, counted)

    def rank(self, data: Predictions) -> RankedGroups:
        """The rows by query, in the convention's order."""
        return data.ranked(QUERY, self.convention.ties, self.convention.single)

    def _require_labels(self, data: Predictions) -> None:
        data.require_relevance(str(self), self._largest_grade())
        if self.convention.labels == "binary":
            data.require_binary(str(self))
        if self.convention.labels == "whole":
            must = f"{self} needs labels that are whole numbers"
            refuse_rows(data.labels % 1 != 0, data.labels, must, "map the labels to grades")

    def _largest_grade(self) -> float:
        return np.inf

    @abstractmethod
    def _by_query(self, ranked: RankedGroups) -> Floats:
        """(queries,) the measure, of any finite value where a query has no relevant row."""


@dataclass(frozen=True)
class Within(RankingMetric, ABC):
    """A measure of the first `cutoff` rows, or of all of them."""

    cutoff: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cutoff is not None:
            require_integer(type(self), "cutoff", self.cutoff)
        elif self.as_ == "xgboost":
            raise ConfigError(
                f"{self.symbol} as xgboost needs a cutoff: without one, XGBoost's own depends on "
                f"how its ranker was trained (32 by default); write {self.symbol}@32(as=xgboost)"
            )

    def _reached(self, ranked: RankedGroups) -> Floats:
        """(rows,) 1 where a row was shown, within the cutoff."""
        shown = ranked.spread(ranked.shown)
        return (shown if self.cutoff is None else shown & (ranked.rank < self.cutoff)).astype(float)


def relevance(ranked: RankedGroups) -> Floats:
    """(rows,) 1 where a row is relevant."""
    return (ranked.labels > 0).astype(np.float64)


def query_weights(who: str, ranked: RankedGroups) -> Floats:
    """(queries,) weight of each query; DataError where its rows do not agree on it."""
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
