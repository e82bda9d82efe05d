"""What every model family declares, and the dense part it builds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from features.layout import Layout
from models.optimizers.optimizer import Tensor

NUMERIC = "numeric"

Unit = Annotated[int, Field(ge=1, le=65_536)]

# Those of tf-keras that LiteRT computes with its built-in operators.
Activation = Literal[
    "elu",
    "gelu",
    "leaky_relu",
    "linear",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]


class TableSpec(BaseModel):
    """A table the model looks every field up in; `group` names its optimizer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dim: int = Field(ge=1, le=4096)
    group: str
    stddev: float = Field(default=0.01, ge=0)


class ModelConfig(BaseModel, ABC):
    """A model family with its sizes: which tables it reads, and the network on top of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    @abstractmethod
    def tables(self) -> dict[str, TableSpec]: ...

    @abstractmethod
    def network(self, layout: Layout, seed: int, bias: float = 0.0) -> Any:
        """A Keras layer: mapping of inputs to logits float32 (batch,).

        `bias` is where the logits start. The inputs are one `(batch, width, dim)` a table, by
        its name, and `numeric` `(batch, numeric fields)`.
        """


Inputs = Mapping[str, Tensor]
