"""Gain and Lift: how many of the positives stand in the highest share of the scores."""

import math
from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from features.errors import ConfigError
from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.score_metric import ScoreMetric
from pipelines.metrics.score_order import ScoreOrder, Totals


@dataclass(frozen=True)
class _AtShare(ScoreMetric, ABC):
    """A measure of the highest scores that make up a share, from 0 to 1, of the mass.

    Of the rows whose score straddles the edge, the part that fits: its expected value over orders.
    """

    cutoff: float

    higher_is_better: ClassVar[bool | None] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, math.inf)

    def __post_init__(self) -> None:
        share = self.cutoff
        number = isinstance(share, (int, float)) and not isinstance(share, bool)
        if not number or not 0 < share <= 1:
            raise ConfigError(
                f"The 'cutoff' of {self.symbol} must be a share of the rows, above 0 and at most "
                f"1; got {share!r}; write {self.symbol}@0.1 for the tenth with the highest scores"
            )
        object.__setattr__(self, "cutoff", float(share))

    def stretch(self, order: ScoreOrder) -> Floats:
        """(1,) positives within the share."""
        above = order.mass_down - order.mass
        within = np.clip(self.cutoff * order.total.mass - above, 0.0, order.mass)
        taken = np.divide(within, order.mass, out=np.zeros_like(within), where=order.mass > 0)
        return np.array([np.sum(order.positives * taken)])

    def _gain(self, joined: Floats, total: Totals) -> float:
        return float(joined[0] / total.positives) if total.positives > 0 else np.nan

    def refusal(self, total: Totals) -> str:
        """There are no positives."""
        return total.without_positives(str(self))


@dataclass(frozen=True)
class Gain(_AtShare):
    """Cumulative gain: the share of all positives within the highest share of the scores."""

    symbol: ClassVar[str] = "Gain"

    def of_stretches(self, joined: Floats, total: Totals) -> float:
        """The share; NaN without positives."""
        return self._gain(joined, total)


@dataclass(frozen=True)
class Lift(_AtShare):
    """Click-through in the highest share of the scores over that of all: Gain / share.

    1 for a constant score, 1 / share at most.
    """

    symbol: ClassVar[str] = "Lift"

    def of_stretches(self, joined: Floats, total: Totals) -> float:
        """The ratio; NaN without positives."""
        return self._gain(joined, total) / self.cutoff
