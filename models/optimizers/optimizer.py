"""What a table asks of an update rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

Tensor = Any  # tf.Tensor: TensorFlow is untyped
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


class SparseOptimizer(BaseModel, ABC):
    """Updates rows given the sum of their gradients over the batch.

    State is stored beside the weights of a row, `slots` floats for each weight and then
    `row_slots` floats for the row, so that an update finds all that it needs in one place. A row
    that no example names is neither read nor written: where a paper would move it (momentum,
    decaying averages), these rules are lazy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float = Field(gt=0)

    @property
    @abstractmethod
    def slots(self) -> int:
        """Floats of state for each weight."""

    @property
    def row_slots(self) -> int:
        """Floats of state for each row, stored after those of its weights."""
        return 0

    def continues(self, earlier: SparseOptimizer) -> bool:
        """Whether state that `earlier` left means the same to this rule; of a rule with other
        rates it does, unless they are part of what the state is."""
        mine, other = (self.slots, self.row_slots), (earlier.slots, earlier.row_slots)
        return type(self) is type(earlier) and mine == other

    @abstractmethod
    def start(self, weights: Floats) -> Floats:
        """State `(rows, slots * dim + row_slots)` of fresh rows with these weights."""

    @abstractmethod
    def update(self, table: Floats, rows: Ints, gradient: Floats, rate: float) -> None:
        """Give some rows of a table new weights and state, in place.

        Args:
            table: float32 `(rows, dim + slots * dim + row_slots)`, weights and then their state.
            rows: int32 `(n,)`, those to update, which must be distinct.
            gradient: float32 `(n, dim)`, summed over the uses of each row in the batch.
            rate: what the learning rate of this step is multiplied by.
        """
