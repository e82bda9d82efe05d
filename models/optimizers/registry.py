"""The known sparse optimizers, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.optimizers.adagrad import AdaGrad
from models.optimizers.ftrl import Ftrl
from models.optimizers.group_adagrad import GroupAdaGrad
from models.optimizers.group_ftrl import GroupFtrl
from models.optimizers.lazy_adam import LazyAdam
from models.optimizers.rmsprop import RMSProp
from models.optimizers.sgd import SGD

Sparse = Annotated[
    AdaGrad | Ftrl | GroupAdaGrad | GroupFtrl | LazyAdam | RMSProp | SGD,
    Field(discriminator="type"),
]
