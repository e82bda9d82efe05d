"""MMoE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from models.blocks import mmoe
from models.blocks.flatten import flatten
from models.blocks.towers import Towers
from models.deep import EMBEDDING
from models.multi_task import MultiTaskConfig, MultiTaskNetwork
from models.network import NUMERIC, Inputs, Unit
from models.optimizers.optimizer import Tensor


class MMoE(MultiTaskConfig):
    """Experts of `hidden` layers that all tasks share, mixed for each task's tower by a gate.

    Ma et al., KDD 2018 (https://doi.org/10.1145/3219819.3220007).
    """

    type: Literal["mmoe"] = "mmoe"
    experts: int = Field(default=4, ge=1, le=64)
    towers: tuple[Unit, ...] = (64,)

    def assemble(self, seed: int, biases: Sequence[float]) -> MultiTaskNetwork:
        return _Network(self, seed, biases)


class _Network(MultiTaskNetwork):
    def __init__(self, config: MMoE, seed: int, biases: Sequence[float]) -> None:
        super().__init__(config)
        layers = config.layers
        self._experts = mmoe.MMoE(len(biases), config.experts, config.hidden, seed=seed, **layers)
        self._towers = Towers(config.towers, biases, seed=seed + 100, **layers)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first = flatten(inputs[EMBEDDING], inputs[NUMERIC])
        return self._towers(self._experts(first, training=training), training=training)
