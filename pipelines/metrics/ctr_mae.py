"""CTRMAE: how far the predicted click-through rate of each group is from the observed."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipelines.metrics.group_values import GroupValues
from pipelines.metrics.metric import GroupedMetric, ratio, require_column
from pipelines.metrics.predictions import Predictions


@dataclass(frozen=True)
class CTRMAE(GroupedMetric):
    """Mean absolute error of the click-through rate by the groups of a column, such as a device.

    sum_g W_g |mean_{i in g} p_i - mean_{i in g} y_i| / sum_g W_g, W_g = sum_{i in g} w_i, means by
    weight. Field-ECE of Pan et al., "Field-aware Calibration", WWW 2020. Where the groups are bins
    of the score, it is ECE.
    """

    group: str

    symbol: ClassVar[str] = "CTRMAE"
    of_probabilities: ClassVar[bool] = True
    higher_is_better: ClassVar[bool | None] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    positional: ClassVar[tuple[str, ...]] = ("group",)
    skips: ClassVar[str] = "they weigh 0"

    def __post_init__(self) -> None:
        require_column(CTRMAE, "group", self.group)

    @property
    def needs_groups(self) -> tuple[str, ...]:
        """The group column."""
        return (self.group,)

    def per_group(self, data: Predictions) -> GroupValues:
        """The error and the weight of each group; DataError for labels other than 0 and 1 and
        scores outside [0, 1]."""
        data.require_groups(str(self), self.needs_groups)
        data.require_binary(str(self))
        data.require_probabilities(str(self))
        codes, keys = data.codes(self.group)
        mass = np.bincount(codes, data.weights).astype(np.float64)
        gap = data.scores - data.labels
        gaps = np.bincount(codes, gap if data.weights is None else gap * data.weights)
        return GroupValues(keys, ratio(np.abs(gaps), mass), mass, mass > 0)
