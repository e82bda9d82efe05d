"""The known losses, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.losses.bce import BinaryCrossEntropy
from models.losses.combined import Combined, Single
from models.losses.focal import Focal
from models.losses.smooth_auc import SmoothAUC
from models.losses.soft_f1 import SoftF1

AnyLoss = Annotated[Single | Combined, Field(discriminator="type")]

# Those that take rows one by one, in whatever company a shuffle puts them.
PointLoss = Annotated[BinaryCrossEntropy | Focal | SmoothAUC | SoftF1, Field(discriminator="type")]
