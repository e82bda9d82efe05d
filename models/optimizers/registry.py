"""The known sparse optimizers, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.optimizers.adagrad import AdaGrad
from models.optimizers.ftrl import Ftrl

Sparse = Annotated[AdaGrad | Ftrl, Field(discriminator="type")]
