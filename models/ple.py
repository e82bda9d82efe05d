"""PLE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from models.blocks import ple
from models.blocks.flatten import flatten
from models.blocks.towers import Towers
from models.deep import EMBEDDING
from models.multi_task import MultiTaskConfig, MultiTaskNetwork
from models.network import NUMERIC, Inputs, Unit
from models.optimizers.optimizer import Tensor


class PLE(MultiTaskConfig):
    """Levels of experts, each task's own beside shared ones, mixed by gates for its tower.

    Of one level it is CGC. Tang et al., RecSys 2020 (https://doi.org/10.1145/3383313.3412236).
    """

    type: Literal["ple"] = "ple"
    levels: int = Field(default=2, ge=1, le=8)
    task_experts: int = Field(default=1, ge=1, le=64)
    shared_experts: int = Field(default=1, ge=1, le=64)
    towers: tuple[Unit, ...] = (64,)

    def assemble(self, seed: int, biases: Sequence[float]) -> MultiTaskNetwork:
        return _Network(self, seed, biases)


class _Network(MultiTaskNetwork):
    def __init__(self, config: PLE, seed: int, biases: Sequence[float]) -> None:
        super().__init__(config)
        self._extraction = ple.PLE(
            len(biases),
            config.hidden,
            levels=config.levels,
            task_experts=config.task_experts,
            shared_experts=config.shared_experts,
            seed=seed,
            **config.layers,
        )
        self._towers = Towers(config.towers, biases, seed=seed + 100, **config.layers)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first = flatten(inputs[EMBEDDING], inputs[NUMERIC])
        return self._towers(self._extraction(first, training=training), training=training)
