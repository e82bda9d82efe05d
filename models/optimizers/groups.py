"""Which optimizer updates which part of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from models.optimizers.adagrad import AdaGrad
from models.optimizers.dense.adam import Adam
from models.optimizers.dense.registry import Dense
from models.optimizers.ftrl import Ftrl
from models.optimizers.optimizer import SparseOptimizer
from models.optimizers.registry import Sparse


class Optimizers(BaseModel):
    """One update rule a group: rows of embeddings, rows of wide weights, rows of co-actions, which
    have that of embeddings unless given their own, and the dense network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embeddings: Sparse = AdaGrad()
    wide: Sparse = Ftrl()
    co_action: Sparse | None = None
    dense: Dense = Adam()

    @model_validator(mode="before")
    @classmethod
    def _default_types(cls, data: Any) -> Any:
        """`embeddings.learning_rate = 0.01` alone keeps the group's own rule."""
        if not isinstance(data, Mapping):
            return data
        rules = {"embeddings": "adagrad", "wide": "ftrl", "co_action": "adagrad", "dense": "adam"}
        return {
            group: {"type": rules[group], **value}
            if group in rules and isinstance(value, Mapping)
            else value
            for group, value in data.items()
        }

    def sparse(self, group: str) -> SparseOptimizer:
        optimizer: SparseOptimizer | None = getattr(self, group)
        return self.embeddings if optimizer is None else optimizer
