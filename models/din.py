"""DIN."""

from __future__ import annotations

from typing import Literal

from features.inputs import elements, mask
from features.layout import Layout
from models.blocks.flatten import flatten, side_by_side
from models.blocks.head import Head
from models.blocks.pooling import Pooling
from models.blocks.target_attention import TargetAttention
from models.deep import EMBEDDING, DeepConfig
from models.history import Pair, pairs_of
from models.network import NUMERIC, Activation, Inputs, Network, TableSpec, Unit
from models.optimizers.optimizer import Tensor


class DIN(DeepConfig):
    """Deep Interest Network: each history is pooled by what it says of its item.

    `pairs` are by default each sequence with the id of its vocabulary; other sequences are
    pooled by their mean. Zhou et al., KDD 2018 (https://arxiv.org/abs/1706.06978).
    """

    type: Literal["din"] = "din"
    pairs: tuple[Pair, ...] | None = None
    attention: tuple[Unit, ...] = (36,)
    attention_activation: Activation = "dice"
    attention_softmax: bool = False

    def tables(self, layout: Layout) -> dict[str, TableSpec]:
        pairs_of(layout, self.pairs)
        table = super().tables(layout)[EMBEDDING]
        return {EMBEDDING: table.model_copy(update={"whole": True})}

    def network(self, layout: Layout, seed: int, bias: float = 0.0) -> Network:
        return _Network(self, layout, seed, bias)


class _Network(Network):
    def __init__(self, config: DIN, layout: Layout, seed: int, bias: float) -> None:
        super().__init__()
        ids = [one.name for one in layout.ids]
        items = {pair.user: ids.index(pair.item) for pair in pairs_of(layout, config.pairs)}
        self._items = [items.get(one.name) for one in layout.sequences]
        self._pools = [
            Pooling()
            if item is None
            else TargetAttention(
                config.attention,
                activation=config.attention_activation,
                softmax=config.attention_softmax,
                seed=seed + 1000 * i,
            )
            for i, item in enumerate(self._items, start=1)
        ]
        self._deep = config.mlp(seed + 100)
        self._head = Head(bias, seed=seed + 200)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        fields = inputs[EMBEDDING]
        parts = [flatten(fields, inputs[NUMERIC])]
        for i, (item, pool) in enumerate(zip(self._items, self._pools, strict=True)):
            history, present = inputs[elements(EMBEDDING, i)], inputs[mask(i)]
            if item is None:
                parts.append(pool(history, present))
            else:
                parts.append(pool(history, fields[:, item, :], present, training=training))
        return self._head(self._deep(side_by_side(*parts), training=training))
