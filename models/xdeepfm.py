"""xDeepFM."""

from __future__ import annotations

from typing import Literal

from features.layout import Layout
from models.blocks.cin import CompressedInteraction
from models.blocks.flatten import flatten
from models.blocks.head import Head
from models.blocks.linear import FirstOrder
from models.deep import EMBEDDING, WIDE, FirstOrderConfig
from models.network import NUMERIC, Inputs, Network, Unit
from models.optimizers.optimizer import Tensor


class XDeepFM(FirstOrderConfig):
    """Vector-wise crosses of bounded degree (CIN), an MLP and a linear part.

    Lian et al., KDD 2018 (https://arxiv.org/abs/1803.05170).
    """

    type: Literal["xdeepfm"] = "xdeepfm"
    maps: tuple[Unit, ...] = (128, 128)
    split_half: bool = True

    def network(
        self,
        layout: Layout,  # noqa: ARG002
        seed: int,
        bias: float = 0.0,
    ) -> Network:
        return _Network(self, seed, bias)


class _Network(Network):
    def __init__(self, config: XDeepFM, seed: int, bias: float) -> None:
        super().__init__()
        self._linear = FirstOrder(bias=bias)
        self._crosses = CompressedInteraction(
            config.maps, split_half=config.split_half, seed=seed + 10
        )
        self._deep = config.mlp(seed + 100)
        self._heads = Head(seed=seed + 200), Head(seed=seed + 300)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        crosses = self._crosses(inputs[EMBEDDING])
        deep = self._deep(flatten(inputs[EMBEDDING], inputs[NUMERIC]), training=training)
        linear = self._linear(inputs[WIDE], inputs[NUMERIC])[:, 0]
        return linear + self._heads[0](crosses) + self._heads[1](deep)
