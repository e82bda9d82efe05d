"""The best round so far, by a validation metric."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from features.errors import DataError

Bias = dict[str, list[float]]


@dataclass
class BestRound:
    """Keeps the first of the best rounds, and the bias that was learned by its end.

    Once `patience` rounds brought nothing better, it is `over`.
    """

    patience: int
    value: float = field(default=-math.inf, init=False)
    number: int = field(default=0, init=False)
    bias: Bias = field(default_factory=dict, init=False)
    over: bool = field(default=False, init=False)

    def see(self, number: int, value: float, bias: Bias) -> None:
        """Raises DataError where there is nothing to compare by."""
        if math.isnan(value):
            raise DataError(
                f"The validation metric must be a number; after round {number} it is {value}. Are "
                "there queries with and without clicks on validation?"
            )
        if value > self.value:
            self.value, self.number, self.bias = value, number, bias
        self.over = number - self.number >= self.patience
