"""AUC and GAUC: how often a positive outscores a negative, ties counted one half."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np

from pipelines.metrics.group_values import GroupValues
from pipelines.metrics.metric import GroupedMetric, ratio, require_choice, require_column
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats, RankedGroups
from pipelines.metrics.score_metric import ScoreMetric
from pipelines.metrics.score_order import ScoreOrder, Totals

Weighting = Literal["impressions", "clicks", "equal"]


@dataclass(frozen=True)
class AUC(ScoreMetric):
    """Area under the ROC curve, exact: P(s+ > s-) + P(s+ = s-) / 2 over weighted pairs.

    sum_{i+, j-} w_i w_j ([s_i > s_j] + [s_i = s_j] / 2) / sum_{i+, j-} w_i w_j.
    Hanley & McNeil, Radiology 143, 1982.
    """

    symbol: ClassVar[str] = "AUC"
    higher_is_better: ClassVar[bool | None] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def stretch(self, order: ScoreOrder) -> Floats:
        """(1,) weight of the pairs won by a positive of any score above."""
        ahead = order.positives_down - order.positives / 2
        return np.array([np.sum(order.negatives * ahead)])

    def of_stretches(self, joined: Floats, total: Totals) -> float:
        """The area; NaN for labels of one class."""
        if not total.mixed:
            return np.nan
        return float(joined[0] / total.positives / total.negatives)

    def refusal(self, total: Totals) -> str:
        """The labels are of one class."""
        return total.of_one_class(str(self))


@dataclass(frozen=True)
class GAUC(GroupedMetric):
    """AUC of each group, such as a user or a session, averaged by the groups' weights W_g.

    sum_g W_g AUC_g / sum_g W_g over the groups with both classes; W_g, of the rows' weights w_i, is
    sum_{i in g} w_i for `impressions`, sum_{i in g} w_i y_i for `clicks`, 1 for `equal`.
    `per_group(data).skipped` counts the other groups. Session AUC is GAUC(session_id).
    Zhu et al., "Optimized Cost per Click in Taobao Display Advertising", KDD 2017.
    """

    group: str
    weighting: Weighting = field(default="impressions", metadata={"choices": get_args(Weighting)})

    symbol: ClassVar[str] = "GAUC"
    higher_is_better: ClassVar[bool | None] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    positional: ClassVar[tuple[str, ...]] = ("group",)
    skips: ClassVar[str] = "they hold one class only"

    def __post_init__(self) -> None:
        require_column(GAUC, "group", self.group)
        require_choice(GAUC, "weighting", self.weighting, get_args(Weighting))

    @property
    def needs_groups(self) -> tuple[str, ...]:
        """The group column."""
        return (self.group,)

    def per_group(self, data: Predictions) -> GroupValues:
        """AUC and weight of each group; DataError for labels other than 0 and 1."""
        data.require_groups(str(self), self.needs_groups)
        data.require_binary(str(self))
        ranked = data.ranked(self.group)
        values = _auc_by_group(ranked)
        return GroupValues(ranked.keys, values, self._weights(ranked), ~np.isnan(values))

    def _weights(self, ranked: RankedGroups) -> Floats:
        """(groups,) W_g."""
        if self.weighting == "equal":
            return np.ones(ranked.keys.size)
        if self.weighting == "clicks":
            return ranked.group_sums(ranked.of_weight(ranked.labels))
        return ranked.group_mass


def _auc_by_group(ranked: RankedGroups) -> Floats:
    """(groups,) NaN where a group has one class only."""
    if ranked.weights is None:
        above = ranked.tie_sums(ranked.labels)
        below = ranked.tie_sizes - above
    else:
        # A group's AUC does not change with its scale; its share keeps the running sums small.
        mass = ranked.group_mass
        share = ranked.weights / np.repeat(np.where(mass > 0, mass, 1.0), ranked.sizes)
        positive = ranked.labels * share
        above, below = ranked.tie_sums(positive), ranked.tie_sums(share - positive)
    wins = ranked.group_sums_of_ties(below * (ranked.sums_above(above) + above / 2))
    pairs = ranked.group_sums_of_ties(above) * ranked.group_sums_of_ties(below)
    return ratio(wins, pairs)
