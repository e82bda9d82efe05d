"""What the trainer asks of a loss."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pydantic import BaseModel, ConfigDict, Field

from features.errors import ConfigError
from models.optimizers.optimizer import Tensor


class Loss(BaseModel, ABC):
    """One number a batch, to be made smaller, times `weight`.

    All are weighted means, so that neither the rows of a batch nor the scale of their weights
    changes the scale of the loss. What has no weight, and what has nothing to be compared with,
    adds nothing; where nothing is left the loss is 0 and so are its gradients.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    type: str
    weight: float = Field(default=1.0, gt=0)

    @property
    def needs_query(self) -> bool:
        """Whether rows are compared within queries."""
        return False

    def __call__(
        self, logits: Tensor, label: Tensor, weight: Tensor, query: Tensor | None = None
    ) -> Tensor:
        """The loss of a batch: float32 ().

        Args:
            logits, label, weight: float32 (rows,); labels and weights are at least 0.
            query: int32 or int64 (rows,), the number of each row's query, where `needs_query`.

        Raises:
            ConfigError: there is no `query`, and it is needed.
        """
        if query is None and self.needs_query:
            raise ConfigError(
                f"The loss {self.type!r} compares rows of one query, so each row must have its "
                "query; these have none. Declare data.query, or choose another loss."
            )
        return self.weight * self.compute(logits, label, weight, query)

    @abstractmethod
    def compute(
        self, logits: Tensor, label: Tensor, weight: Tensor, query: Tensor | None
    ) -> Tensor:
        """As `__call__`, before `self.weight`."""
