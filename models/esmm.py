"""ESMM."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

from models.blocks.esmm import joint_logit
from models.blocks.flatten import flatten
from models.blocks.head import Head
from models.deep import EMBEDDING
from models.keras import tf
from models.multi_task import MultiTaskConfig, MultiTaskNetwork
from models.network import NUMERIC, Inputs
from models.optimizers.optimizer import Tensor


class ESMM(MultiTaskConfig):
    """A click, and a conversion after it, learned over all impressions.

    One MLP gives P(click), another P(conversion | click), and only their product is held against
    the conversions: its outputs are P(click) and P(click and conversion). Ma et al., SIGIR 2018
    (https://arxiv.org/abs/1804.07931), equations 1 to 3.
    """

    most: ClassVar[int | None] = 2
    type: Literal["esmm"] = "esmm"

    def assemble(self, seed: int, biases: Sequence[float]) -> MultiTaskNetwork:
        return _Network(self, seed, biases)


class _Network(MultiTaskNetwork):
    def __init__(self, config: ESMM, seed: int, biases: Sequence[float]) -> None:
        super().__init__(config)
        click, both = biases
        self._click, self._conversion = config.mlp(seed), config.mlp(seed + 100)
        self._click_head = Head(click, seed=seed + 200)
        self._conversion_head = Head(_given(click, both), seed=seed + 300)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        first = flatten(inputs[EMBEDDING], inputs[NUMERIC])
        click = self._click_head(self._click(first, training=training))
        conversion = self._conversion_head(self._conversion(first, training=training))
        return tf.stack([click, joint_logit(click, conversion)], 1)


def _given(click: float, both: float) -> float:
    """The logit of P(conversion | click), 0 where the two do not tell it."""
    share = (1 + math.exp(-click)) / (1 + math.exp(-both))
    return math.log(share / (1 - share)) if share < 1 else 0.0
