"""Lower learning rates once validation stops getting better."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PlateauState(BaseModel):
    """What every learning rate is multiplied by, and for how many epochs nothing was better."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale: float = 1.0
    waited: int = 0


class Plateau(BaseModel):
    """Multiplies every learning rate by `factor` after `patience` epochs without a better one.

    The count then starts anew; the rates never fall below `minimum` times what they were
    declared as.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    factor: float = Field(default=0.1, gt=0, lt=1)
    patience: int = Field(default=1, ge=1)
    minimum: float = Field(default=0.0, ge=0, le=1)

    def after(self, state: PlateauState, better: bool) -> PlateauState:
        """The state after an epoch that was or was not the best so far."""
        if better:
            return PlateauState(scale=state.scale)
        if state.waited + 1 < self.patience:
            return PlateauState(scale=state.scale, waited=state.waited + 1)
        return PlateauState(scale=max(state.scale * self.factor, self.minimum))
