"""Training on a share of the negatives, and what makes up for those left out."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

_GAMMA = 0x9E3779B97F4A7C15


class Negatives(BaseModel):
    """Keeps each negative of the training part with probability `rate`, by seed and row number.

    `correct = "weight"` multiplies the weight of those kept by 1 / rate, so that every weighted
    sum keeps its expectation. `"prior"` leaves the weights alone; the model learns with
    log(1 / rate) added to its logits, so that without it they are those of the whole log: thinning
    divides the odds by `rate` and changes nothing else (King and Zeng, Political Analysis 2001).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: float = Field(gt=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    correct: Literal["weight", "prior"] = "weight"

    @property
    def weight(self) -> float:
        """What a kept negative's weight is multiplied by."""
        return 1 / self.rate if self.correct == "weight" else 1.0

    @property
    def offset(self) -> float:
        """What maps the logits of the rows as kept and weighted to those of the log."""
        return math.log(self.rate) if self.correct == "prior" else 0.0

    def kept(self, start: int, rows: int) -> npt.NDArray[np.bool_]:
        """Whether rows number `start` and following, were they negatives, are kept: (rows,)."""
        numbers = np.arange(start + 1, start + rows + 1, dtype=np.uint64)
        place = _splitmix64(np.uint64(self.seed) + numbers * np.uint64(_GAMMA))
        return np.asarray((place >> np.uint64(11)) / 2.0**53 < self.rate)


def _splitmix64(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The output of each state (Steele et al., OOPSLA 2014)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    return state ^ (state >> np.uint64(31))
