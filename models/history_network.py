"""What families that read a history by its item share."""

from __future__ import annotations

from abc import abstractmethod

from features.inputs import elements, mask
from features.layout import Layout
from models.blocks.flatten import flatten, side_by_side
from models.blocks.head import Head
from models.blocks.pooling import Pooling
from models.deep import EMBEDDING, DeepConfig
from models.history import Pair, pairs_of
from models.keras import keras
from models.network import NUMERIC, Inputs, Network, TableSpec
from models.optimizers.optimizer import Tensor


class HistoryConfig(DeepConfig):
    """`pairs` are by default each sequence with the id of its vocabulary; other sequences are
    pooled by their mean."""

    pairs: tuple[Pair, ...] | None = None

    @abstractmethod
    def reader(self, seed: int) -> keras.layers.Layer:
        """Elements `(batch, length, dim)`, item `(batch, dim)`, mask `(batch, length)` to
        `(batch, any)`."""

    def tables(self, layout: Layout) -> dict[str, TableSpec]:
        pairs_of(layout, self.pairs)
        table = super().tables(layout)[EMBEDDING]
        return {EMBEDDING: table.model_copy(update={"whole": True})}

    def network(self, layout: Layout, seed: int, bias: float = 0.0) -> Network:
        return _Network(self, layout, seed, bias)


class _Network(Network):
    def __init__(self, config: HistoryConfig, layout: Layout, seed: int, bias: float) -> None:
        super().__init__()
        ids = [one.name for one in layout.ids]
        items = {pair.user: ids.index(pair.item) for pair in pairs_of(layout, config.pairs)}
        self._items = [items.get(one.name) for one in layout.sequences]
        self._readers = [
            Pooling() if item is None else config.reader(seed + 1000 * i)
            for i, item in enumerate(self._items, start=1)
        ]
        self._deep = config.mlp(seed + 100)
        self._head = Head(bias, seed=seed + 200)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        fields = inputs[EMBEDDING]
        parts = [flatten(fields, inputs[NUMERIC])]
        for i, (item, reader) in enumerate(zip(self._items, self._readers, strict=True)):
            history, present = inputs[elements(EMBEDDING, i)], inputs[mask(i)]
            if item is None:
                parts.append(reader(history, present))
            else:
                # Keras hands on `training` to those that take it.
                parts.append(reader(history, fields[:, item, :], present))
        return self._head(self._deep(side_by_side(*parts), training=training))
