"""AUC and GAUC: how often a positive outscores a negative, ties counted one half."""

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.errors import ConfigError, DataError
from pipelines.metrics.group_values import GroupValues
from pipelines.metrics.metric import GroupedMetric, Metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import RankedGroups

_COLUMN = re.compile(r"[^\W\d][\w.\-]*")


@dataclass(frozen=True)
class AUC(Metric):
    """Area under the ROC curve, exact: P(s+ > s-) + P(s+ = s-) / 2 over weighted pairs.

    sum_{i+, j-} w_i w_j ([s_i > s_j] + [s_i = s_j] / 2) / sum_{i+, j-} w_i w_j.
    Hanley & McNeil, Radiology 143, 1982.
    """

    symbol: ClassVar[str] = "AUC"
    higher_is_better: ClassVar[bool | None] = True

    def compute(self, data: Predictions) -> float:
        """The area; DataError for labels other than 0 and 1 and for labels of one class."""
        data.require_binary(str(self))
        found = _auc_by_group(data.ranked())
        if found.skipped:
            held = np.unique(data.labels if data.weights is None else data.labels[data.weights > 0])
            raise DataError(
                f"{self} needs rows of both classes; all {data.labels.size} labels of positive "
                f"weight are {held[0]:g}; evaluate on more rows"
            )
        return float(found.values[0])


@dataclass(frozen=True)
class GAUC(GroupedMetric):
    """AUC of each group, such as a user, averaged by the groups' impressions.

    sum_g W_g AUC_g / sum_g W_g, W_g = sum_{i in g} w_i, over the groups with both classes;
    `per_group(data).skipped` counts the others.
    Zhu et al., "Optimized Cost per Click in Taobao Display Advertising", KDD 2017.
    """

    group: str

    symbol: ClassVar[str] = "GAUC"
    higher_is_better: ClassVar[bool | None] = True
    positional: ClassVar[tuple[str, ...]] = ("group",)
    skips: ClassVar[str] = "they hold one class only"

    def __post_init__(self) -> None:
        if not isinstance(self.group, str) or not _COLUMN.fullmatch(self.group):
            raise ConfigError(
                "The 'group' of GAUC must be a column name of letters, digits, '_', '.' and '-' "
                f"that starts with a letter or '_'; got {self.group!r}; write {self.usage()}"
            )

    @property
    def needs_groups(self) -> tuple[str, ...]:
        """The group column."""
        return (self.group,)

    def per_group(self, data: Predictions) -> GroupValues:
        """AUC and total weight of each group; DataError for labels other than 0 and 1."""
        data.require_groups(str(self), self.needs_groups)
        data.require_binary(str(self))
        return _auc_by_group(data.ranked(self.group))


def _auc_by_group(ranked: RankedGroups) -> GroupValues:
    positive, weight = ranked.labels, np.ones_like(ranked.labels)
    if ranked.weights is not None:
        # A group's AUC does not change with its scale; its share keeps the running sums small.
        total = ranked.group_sums(ranked.weights)
        weight = ranked.weights / np.repeat(np.where(total > 0, total, 1.0), ranked.sizes)
        positive = positive * weight
    above, below = ranked.tie_sums(positive), ranked.tie_sums(weight - positive)
    wins = ranked.group_sums_of_ties(below * (ranked.sums_above(above) + above / 2))
    pairs = ranked.group_sums_of_ties(above) * ranked.group_sums_of_ties(below)
    counted = pairs > 0
    values = np.full(pairs.size, np.nan)
    np.divide(wins, pairs, out=values, where=counted)
    totals = ranked.sizes.astype(np.float64) if ranked.weights is None else total
    return GroupValues(ranked.keys, values, totals, counted)
