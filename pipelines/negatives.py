"""Training on a share of the negatives, and what makes up for those left out."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from features.hashing import GOLDEN, share, splitmix


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
        place = splitmix(np.uint64(self.seed) + numbers * np.uint64(GOLDEN))
        return np.asarray(share(place) < self.rate)
