"""Which optimizer updates which part of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.keras import keras
from models.optimizers.adagrad import AdaGrad
from models.optimizers.ftrl import Ftrl
from models.optimizers.optimizer import SparseOptimizer
from models.optimizers.registry import Sparse


class Adam(BaseModel):
    """Adam for the dense part (Kingma & Ba, ICLR 2015), from tf-keras."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["adam"] = "adam"
    learning_rate: float = Field(default=1e-3, gt=0)

    def build(self) -> Any:
        return keras.optimizers.Adam(self.learning_rate, jit_compile=False)


class Optimizers(BaseModel):
    """One update rule a group: rows of embeddings, rows of wide weights, the dense network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embeddings: Sparse = AdaGrad()
    wide: Sparse = Ftrl()
    dense: Adam = Adam()

    @model_validator(mode="before")
    @classmethod
    def _default_types(cls, data: Any) -> Any:
        """`embeddings.learning_rate = 0.01` alone keeps the group's own rule."""
        if not isinstance(data, Mapping):
            return data
        rules = {"embeddings": "adagrad", "wide": "ftrl"}
        return {
            group: {"type": rules[group], **value}
            if group in rules and isinstance(value, Mapping)
            else value
            for group, value in data.items()
        }

    def sparse(self, group: str) -> SparseOptimizer:
        optimizer: SparseOptimizer = getattr(self, group)
        return optimizer
