"""What a trainer asks of a dense update rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from pydantic import BaseModel, ConfigDict


class DenseOptimizer(BaseModel, ABC):
    """Declares a tf-keras optimizer; each has a `learning_rate`.

    What `build` gives keeps all its state in `variables`, in an order that depends on nothing
    but the weights it was built for, and its learning rate in the variable `learning_rate`,
    which is not among them: a schedule assigns that at every step.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def build(self) -> Any:
        """A tf-keras optimizer; its own `build` takes the weights it is to update."""
