"""What every model family declares, and the dense part it builds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from features.inputs import NUMERIC
from features.layout import Layout
from models.blocks.activation import Activation
from models.initializers import Initializer
from models.keras import keras
from models.optimizers.optimizer import Tensor

__all__ = [
    "NUMERIC",
    "Activation",
    "Inputs",
    "ModelConfig",
    "Network",
    "Share",
    "TableSpec",
    "Unit",
]

Unit = Annotated[int, Field(ge=1, le=65_536)]
Share = Annotated[float, Field(ge=0, lt=1)]


class TableSpec(BaseModel):
    """A table, and the fields that the model looks up in it.

    `group` names its optimizer; `fields` are names of id and sequence fields, None for all;
    a `whole` table leaves its sequences unpooled (`features.inputs`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dim: int = Field(ge=1, le=65_536)
    group: str
    stddev: float = Field(default=0.01, ge=0)
    initializer: Initializer = "normal"
    fields: tuple[str, ...] | None = None
    whole: bool = False


class ModelConfig(BaseModel, ABC):
    """A model family with its sizes: which tables it reads, and the network on top of them.

    In training, each field of an example is dropped with the probability `field_dropout`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    field_dropout: Share = 0.0

    @abstractmethod
    def tables(self, layout: Layout) -> dict[str, TableSpec]:
        """By name. Raises ConfigError where the layout lacks what the model needs."""

    @abstractmethod
    def network(self, layout: Layout, seed: int, bias: float = 0.0) -> Any:
        """A Keras layer: mapping of inputs to logits float32 (batch,), or of several tasks
        (batch, tasks).

        `bias` is where the logits start. The inputs are those of `features.inputs`.
        """


Inputs = Mapping[str, Tensor]


class Network(keras.layers.Layer):
    """The dense part of a model: its inputs and its logits are float32, whatever its layers
    compute in."""

    def __init__(self) -> None:
        super().__init__(dtype="float32")
