"""Where a training stands: all of it that is not an array."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from models.noise import NoiseState
from models.optimizers.plateau import PlateauState


class Course(BaseModel):
    """The epoch under way, what was seen of it, and what came of those before.

    batches, rows: done of this epoch, whose weighted losses sum to `total` over a weight of
    `mass`. steps: of all epochs. history: one row an epoch. best: the best metrics so far, since
    when `waited` epochs have passed. plateau: what the learning rates have come to by that. noise:
    of the gradients, where it is measured.
    """

    model_config = ConfigDict(extra="forbid")

    epoch: int = Field(default=1, ge=1)
    batches: int = Field(default=0, ge=0)
    rows: int = Field(default=0, ge=0)
    total: float = 0.0
    mass: float = 0.0
    steps: int = Field(default=0, ge=0)
    history: list[dict[str, int | float]] = Field(default_factory=list)
    best: dict[str, float] | None = None
    waited: int = Field(default=0, ge=0)
    plateau: PlateauState = PlateauState()
    noise: NoiseState = NoiseState()

    @property
    def loss(self) -> float:
        """Of this epoch."""
        return self.total / self.mass

    def learned(self, rows: int, weight: float, loss: float) -> None:
        """A batch was learned from."""
        self.batches += 1
        self.steps += 1
        self.rows += rows
        self.total += loss * weight
        self.mass += weight

    def turn(self) -> None:
        """The next epoch begins."""
        self.epoch += 1
        self.batches = self.rows = 0
        self.total = self.mass = 0.0
