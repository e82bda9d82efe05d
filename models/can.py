"""CAN."""

from __future__ import annotations

from itertools import count
from typing import Literal

from pydantic import Field

from features.inputs import elements, mask
from features.layout import Layout
from models.blocks.co_action import CoAction
from models.blocks.flatten import flatten, side_by_side
from models.blocks.head import Head
from models.deep import EMBEDDING, DeepConfig
from models.history import Pair, pairs_of
from models.network import NUMERIC, Inputs, Network, TableSpec, Unit
from models.optimizers.optimizer import Tensor


class CAN(DeepConfig):
    """An MLP over the embeddings and over the co-actions of `pairs` of features.

    The row of a pair's item is a micro-MLP that its user side, a history or one id, goes through.
    Both sides have tables apart from the embeddings, those of each pair apart from the others'
    unless `combination_independent` is false, and each order its own weights where
    `order_independent`. `pairs` are by default each sequence with the id of its vocabulary.
    `co_stddev` is the spread at the start, that of the item side `co_item_stddev` where given.

    Bian et al., WSDM 2022 (https://arxiv.org/abs/2011.05625).
    """

    type: Literal["can"] = "can"
    pairs: tuple[Pair, ...] | None = None
    co_dim: int = Field(default=16, ge=1, le=256)
    co_layers: tuple[Unit, ...] = Field(default=(8, 4), min_length=1)
    co_stddev: float = Field(default=0.1, gt=0)
    co_item_stddev: float | None = Field(default=None, ge=0)
    orders: int = Field(default=3, ge=1, le=8)
    order_independent: bool = False
    combination_independent: bool = True

    def tables(self, layout: Layout) -> dict[str, TableSpec]:
        found = super().tables(layout)
        width = CoAction.parameters(
            self.co_dim,
            self.co_layers,
            orders=self.orders,
            order_independent=self.order_independent,
        )
        pairs = pairs_of(layout, self.pairs)
        spread = self.co_stddev if self.co_item_stddev is None else self.co_item_stddev
        for name, pair in zip(self.names(pairs), pairs, strict=True):
            for table, field, dim, stddev in (
                (name[0], pair.item, width, spread),
                (name[1], pair.user, self.co_dim, self.co_stddev),
            ):
                found[table] = TableSpec(
                    dim=dim, group="co_action", stddev=stddev, fields=(field,), whole=True
                )
        return found

    def names(self, pairs: list[Pair]) -> list[tuple[str, str]]:
        """Tables of each pair's item and user side: its own, or its field's."""
        if self.combination_independent:
            return [(f"item{i}", f"user{i}") for i in range(len(pairs))]
        place: dict[str, int] = {}
        fresh = count()
        for pair in pairs:
            for field in (f"item {pair.item}", f"user {pair.user}"):
                if field not in place:
                    place[field] = next(fresh)
        return [
            (f"item{place[f'item {one.item}']}", f"user{place[f'user {one.user}']}")
            for one in pairs
        ]

    def network(self, layout: Layout, seed: int, bias: float = 0.0) -> Network:
        return _Network(self, layout, seed, bias)


class _Network(Network):
    def __init__(self, config: CAN, layout: Layout, seed: int, bias: float) -> None:
        super().__init__()
        pairs = pairs_of(layout, config.pairs)
        sequences = [one.name for one in layout.sequences]
        self._pairs = [
            (item, user, sequences.index(pair.user) if pair.user in sequences else None)
            for (item, user), pair in zip(config.names(pairs), pairs, strict=True)
        ]
        self._act = CoAction(
            config.co_layers, orders=config.orders, order_independent=config.order_independent
        )
        self._deep = config.mlp(seed + 100)
        self._head = Head(bias, seed=seed + 200)

    def call(self, inputs: Inputs, training: bool = False) -> Tensor:
        parts = [flatten(inputs[EMBEDDING], inputs[NUMERIC])]
        for item, user, sequence in self._pairs:
            row = inputs[item][:, 0, :]
            if sequence is None:
                parts.append(self._act(inputs[user], row))
            else:
                parts.append(self._act(inputs[elements(user, 0)], row, inputs[mask(sequence)]))
        return self._head(self._deep(side_by_side(*parts), training=training))
