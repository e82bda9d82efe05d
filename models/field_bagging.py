"""Dropout of whole fields, below any family's network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.blocks.field_dropout import FieldDropout
from models.network import Inputs, Network
from models.optimizers.optimizer import Tensor


class FieldBagging(Network):
    """A network that in training sees some of an example's fields, of these tables.

    A field that is dropped from one table is dropped from those that hold the same fields.
    """

    def __init__(self, network: Any, tables: Sequence[str], rate: float, seed: int) -> None:
        super().__init__()
        self._network = network
        # Equal seeds and equal shapes give equal masks.
        self._dropouts = {name: FieldDropout(rate, seed=seed) for name in tables}

    @property
    def weighing(self) -> Any:
        """Of a network of several tasks: losses float32 (tasks,) to one."""
        return self._network.weighing

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        kept = {
            name: dropout(inputs[name], training=training)
            for name, dropout in self._dropouts.items()
        }
        return self._network({**inputs, **kept}, training=training)
