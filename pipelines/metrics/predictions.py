"""Predictions: the labels, scores, weights and group columns that metrics are computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from features.errors import DataError
from pipelines.metrics.items import Items
from pipelines.metrics.radix import ascending, descending
from pipelines.metrics.ranked_groups import Floats, Ints, RankedGroups
from pipelines.metrics.score_order import ScoreOrder, Totals
from pipelines.metrics.strict_order import Ties, strictly
from pipelines.metrics.terms import Terms

QUERY = "query"  # the group column within which ranking metrics rank
ITEM = "item"  # the group column of what is ranked


@dataclass(frozen=True, eq=False)
class Predictions:
    """Labels against scores, row by row; sorting is done once and kept.

    `labels`: float64 (rows,), finite; `scores`: float64 (rows,), not NaN, -inf where a ranking did
    not show the row; `weights`: float64 (rows,), finite, at least 0 and not all 0, or None where
    every row counts 1; `groups`: name -> (rows,) ids (numbers or strings), the query under the
    name "query", what is ranked under "item"; `items`: what is known of those, or None.
    Raises DataError, with the count and the first row, where this does not hold.
    """

    labels: Floats
    scores: Floats
    weights: Floats | None = None
    groups: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    items: Items | None = None
    whole: bool = True  # of a part of the rows, the weights may all be 0
    _ranked: dict[tuple[str | None, Ties, bool], RankedGroups] = field(
        default_factory=dict, init=False, repr=False
    )
    _sorting: Lock = field(default_factory=Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        labels = _numbers("labels", self.labels)
        scores = _numbers("scores", self.scores)
        _require_rows("scores", scores, labels.size)
        refuse_rows(~np.isfinite(labels), labels, "labels must be finite", "drop these rows")
        refuse_rows(np.isnan(scores), scores, "scores must not be NaN", "look into the model")
        weights = None if self.weights is None else _weights(self.weights, labels.size, self.whole)
        groups = {name: _column(f"groups[{name!r}]", ids) for name, ids in self.groups.items()}
        for name, ids in groups.items():
            _require_rows(f"groups[{name!r}]", ids, labels.size)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "scores", scores)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "groups", MappingProxyType(groups))

    def reweighted(self, weights: ArrayLike) -> "Predictions":
        """The same rows under other weights (rows,), ranked as these are without sorting again."""
        other = replace(self, weights=np.asarray(weights, dtype=np.float64))
        for key, ranked in self._ranked.items():
            assert other.weights is not None
            other._ranked[key] = replace(ranked, weights=other.weights[ranked.order])
        return other

    def at(self, rows: Ints) -> "Predictions":
        """Some of the rows, by number."""
        weights = None if self.weights is None else self.weights[rows]
        groups = {name: ids[rows] for name, ids in self.groups.items()}
        return Predictions(self.labels[rows], self.scores[rows], weights, groups, self.items)

    def weighted(self, *values: Floats) -> Terms:
        """Terms (rows, values + 1) of the rows: each of the values (rows,) and 1, by weight."""
        terms = np.stack([*values, np.ones_like(self.labels)])  # a term's rows side by side
        if self.weights is not None:
            terms *= self.weights
        return Terms(terms.T)

    @property
    def mass(self) -> float:
        """The weight of all rows."""
        return float(self.labels.size if self.weights is None else self.weights.sum())

    @cached_property
    def score_order(self) -> ScoreOrder:
        """The distinct scores with the weights of labels 0 and 1; the labels must be those."""
        ranked = self.ranked()
        ones = ranked.tie_sums(ranked.of_weight(ranked.labels))
        if ranked.weights is None:
            zeros = ranked.tie_sizes - ones
        else:
            zeros = ranked.tie_sums(ranked.of_weight(1 - ranked.labels))
        total = Totals(self.labels.size, float(ones.sum()), float(zeros.sum()))
        return ScoreOrder(ranked.scores[ranked.ties], ones, zeros, total)

    @property
    def _descending(self) -> Ints:
        with self._sorting:  # once, for all threads
            return self._sorted

    @cached_property
    def _sorted(self) -> Ints:
        return descending(self.scores)

    def ranked(
        self, group: str | None = None, ties: Ties = "kept", single: bool = False
    ) -> RankedGroups:
        """The rows ranked within each group of a column, or all in one group; ties as `strictly`
        breaks them, unless they are kept."""
        key = (group, ties, single)
        if key not in self._ranked:
            if ties == "kept":
                self._ranked[key] = self._rank(group)
            else:
                items = self.groups[ITEM] if ties == "item" else None
                self._ranked[key] = strictly(self.ranked(group), items, single)
        return self._ranked[key]

    def _rank(self, group: str | None) -> RankedGroups:
        new_group = np.zeros(self.labels.size, dtype=np.bool_)
        new_group[0] = True
        keys: NDArray[Any] = np.zeros(1, dtype=np.intp)
        if group is None:
            order = self._descending
        else:
            codes, keys = self.codes(group)
            order = ascending(codes.astype(np.uint32), self._descending)
            new_group[np.cumsum(np.bincount(codes)[:-1])] = True
        scores = self.scores[order]
        new_tie = new_group.copy()
        new_tie[1:] |= scores[1:] != scores[:-1]
        return RankedGroups(
            keys=keys,
            order=order,
            labels=self.labels[order],
            scores=scores,
            weights=None if self.weights is None else self.weights[order],
            starts=np.flatnonzero(new_group),
            ties=np.flatnonzero(new_tie),
        )

    def codes(self, group: str) -> tuple[Ints, NDArray[Any]]:
        """The number (rows,) of each row's group, and the ids (groups,), by their first rows."""
        self.require_groups("The ranking", (group,))
        ids = self.groups[group]
        codes, keys = pd.factorize(ids)
        must = f"groups[{group!r}] must hold an id in every row"
        refuse_rows(codes < 0, ids, must, "drop these rows or name their group")
        return codes, np.asarray(keys)

    def require_groups(self, who: str, names: Sequence[str]) -> None:
        """Raise DataError unless the predictions hold every group column named."""
        for name in names:
            if name not in self.groups:
                held = ", ".join(self.groups) or "none"
                raise DataError(
                    f"{who} needs the group column {name!r}; the predictions hold {held}; "
                    f"pass groups={{{name!r}: ids}}"
                )

    def require_items(self, who: str) -> Items:
        """What is known of the items; DataError where nothing is."""
        if self.items is None:
            raise DataError(
                f"{who} needs to know the catalogue and how often the training log holds its "
                "items; pass items=Items(...), in the command --items LOG"
            )
        return self.items

    def require_binary(self, who: str) -> None:
        """Raise DataError unless every label is 0 or 1."""
        bad = (self.labels != 0) & (self.labels != 1)
        refuse_rows(bad, self.labels, f"{who} needs labels of 0 or 1", "map the labels first")

    def require_probabilities(self, who: str) -> None:
        """Raise DataError unless every score is from 0 to 1."""
        bad = (self.scores < 0) | (self.scores > 1)
        must = f"{who} needs scores that are probabilities, from 0 to 1"
        refuse_rows(bad, self.scores, must, "pass logits through a sigmoid")

    def require_relevance(self, who: str, most: float = np.inf) -> None:
        """Raise DataError unless every label is a grade from 0 to `most`."""
        bad = (self.labels < 0) | (self.labels > most)
        limit = "of at least 0" if most == np.inf else f"from 0 to {most:g}"
        refuse_rows(bad, self.labels, f"{who} needs labels {limit}", "map the labels to grades")


def refuse_rows(bad: NDArray[np.bool_], values: NDArray[Any], must: str, fix: str) -> None:
    """Raise DataError naming how many rows are bad, the first of them and its value."""
    count = int(np.count_nonzero(bad))
    if count:
        row = int(bad.argmax())
        raise DataError(
            f"{must}; got otherwise in {count} of {bad.size} rows, first {values[row]} "
            f"at row {row}; {fix}"
        )


def _column(name: str, values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values).view()
    if array.ndim != 1 or array.size == 0:
        raise DataError(
            f"{name} must have the shape (rows,) with at least one row; got {array.shape}; "
            "pass one value a row"
        )
    array.flags.writeable = False
    return array


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        return _column(name, np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} must be numbers; got {error}; cast them first") from error


def _weights(values: ArrayLike, rows: int, whole: bool) -> Floats:
    weights = _numbers("weights", values)
    _require_rows("weights", weights, rows)
    bad = ~(np.isfinite(weights) & (weights >= 0))
    refuse_rows(bad, weights, "weights must be finite and at least 0", "mend or drop these rows")
    if whole and not weights.any():
        raise DataError(
            f"weights must not all be 0; got {rows} rows of 0; pass weights=None to count each 1"
        )
    return weights


def _require_rows(name: str, values: NDArray[Any], rows: int) -> None:
    if values.size != rows:
        raise DataError(
            f"{name} must have as many rows as labels; got {values.size} for {rows} labels; "
            f"the first row without a pair is {min(values.size, rows)}"
        )
