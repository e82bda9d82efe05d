"""Larger batches as training goes on, instead of lower learning rates."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator


class BatchGrowth(BaseModel):
    """The batch is `factor` times as large from each of the `epochs` on, and at most `maximum`.

    The noise of a step is in proportion to the learning rate over the batch size, so that it falls
    as if the rate were divided by `factor`, in fewer steps (Smith et al., ICLR 2018, section 3,
    https://arxiv.org/abs/1711.00489). Where `maximum` holds the batch back, the rate is divided by
    what is missing, as they do from a tenth of the rows on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    factor: float = Field(default=2.0, gt=1)
    epochs: tuple[Annotated[int, Field(ge=2)], ...] = Field(min_length=1)
    maximum: int | None = Field(default=None, ge=1)

    @field_validator("epochs")
    @classmethod
    def _rising(cls, epochs: tuple[int, ...]) -> tuple[int, ...]:
        if list(epochs) != sorted(set(epochs)):
            raise ValueError(f"epochs must rise, each once; got {list(epochs)}")
        return epochs

    def size(self, start: int, epoch: int) -> int:
        """Rows a batch in `epoch`, counted from 1, of a training that starts with `start`."""
        wanted = round(self._wanted(start, epoch))
        return wanted if self.maximum is None else max(start, min(wanted, self.maximum))

    def rate(self, start: int, epoch: int) -> float:
        """What every learning rate is multiplied by: 1 but for what `maximum` holds back."""
        if self.maximum is None:
            return 1.0
        return min(1.0, max(start, self.maximum) / self._wanted(start, epoch))

    def _wanted(self, start: int, epoch: int) -> float:
        return start * self.factor ** sum(one <= epoch for one in self.epochs)
