"""How to train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from models.batch_growth import BatchGrowth
from models.losses.bce import BinaryCrossEntropy
from models.losses.registry import AnyLoss
from models.optimizers.clipping import Clip
from models.optimizers.groups import Optimizers
from models.optimizers.plateau import Plateau
from models.optimizers.schedule import Schedule
from models.precision import Precision
from models.progressive import Progressive
from models.quantization import QuantizationAware
from models.recompute import Block
from models.regularization import L2


class TrainConfig(BaseModel):
    """How to train: passes over the data, rows a step, when to stop, and the update rules.

    The epoch with the best `monitor`, a metric on validation, is kept; training stops after
    `patience` epochs without a better one. Each epoch's end, and every `checkpoint_minutes`, is
    a point from which an interrupted training can go on. A batch whose loss is larger than
    `max_loss` stops it. `noise_scale` measures how large a batch is worth its rows, each
    `noise_steps`. With `tensorboard` the run's numbers go into its own folder `tensorboard`, or
    below the folder that is named, each `tensorboard_steps`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=3, ge=1)
    batch_size: int = Field(default=4096, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    monitor: str = "LogLoss"
    patience: int = Field(default=1, ge=1)
    checkpoint_minutes: float = Field(default=10.0, gt=0)
    precision: Precision = "float32"
    recompute: tuple[Block, ...] = ()
    loss: AnyLoss = BinaryCrossEntropy()
    optimizers: Optimizers = Optimizers()
    schedule: Schedule = Schedule()
    plateau: Plateau | None = None
    batch_growth: BatchGrowth | None = None
    clip: Clip = Clip()
    l2: L2 = L2()
    quantization: QuantizationAware | None = None
    progressive: Progressive | None = None
    max_loss: float = Field(default=1e6, gt=0, allow_inf_nan=False)
    noise_scale: bool = False
    noise_steps: int = Field(default=20, ge=1)
    tensorboard: bool | str = False
    tensorboard_steps: int = Field(default=100, ge=1)

    def rows(self, epoch: int) -> int:
        """Rows a batch, but for the last one of an epoch."""
        growth = self.batch_growth
        return self.batch_size if growth is None else growth.size(self.batch_size, epoch)

    def rate(self, epoch: int) -> float:
        """What the batch size of an epoch multiplies every learning rate by."""
        scale, growth = self.schedule.scale(self.rows(epoch)), self.batch_growth
        return scale if growth is None else scale * growth.rate(self.batch_size, epoch)

    @field_validator("loss", mode="before")
    @classmethod
    def _default_loss(cls, data: Any) -> Any:
        """`loss.label_smoothing = 0.1` alone keeps the default."""
        return {"type": "bce", **data} if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _rows_of_a_batch(self) -> Self:
        if self.noise_scale and self.loss.needs_query:
            raise ValueError(
                f"the noise scale is measured on parts of a batch, and '{self.loss.type}' compares "
                "the rows of a query; set train.noise_scale = false, or choose a loss of rows"
            )
        return self

    @model_validator(mode="after")
    def _one_pass(self) -> Self:
        if self.progressive is not None and self.epochs != 1:
            raise ValueError(
                "progressive validation scores rows before they were ever seen, in one pass; set "
                "train.epochs = 1"
            )
        return self
