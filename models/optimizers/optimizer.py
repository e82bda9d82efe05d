"""What a table asks of an update rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Tensor = Any  # tf.Tensor: TensorFlow is untyped


class SparseOptimizer(BaseModel, ABC):
    """Updates rows given the sum of their gradients over the batch.

    Slots are stored beside the weights of a row, `slots` floats for each weight, so that one
    gather reads and one scatter writes all that an update needs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float = Field(gt=0)

    @property
    @abstractmethod
    def slots(self) -> int:
        """Floats of state for each weight."""

    @abstractmethod
    def start(self, weights: Tensor) -> Tensor:
        """State `(rows, slots * dim)` of fresh rows with these weights `(rows, dim)`."""

    @abstractmethod
    def update(self, weights: Tensor, state: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """New weights and state. Shapes `(rows, dim)`, `(rows, slots * dim)`, `(rows, dim)`."""
