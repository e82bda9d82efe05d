"""From a batch's ids to the distinct table rows it touches, and back to its fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from features.layout import Layout
from features.rows import RowSpace
from models.keras import tf
from models.optimizers.optimizer import Tensor


@dataclass(frozen=True)
class Touched:
    """The distinct rows of a batch, and where each is used.

    rows: int32 (distinct,). where: int32 (values,) index into `rows`, the id fields of all
    examples first, then each sequence's present elements. present: per sequence, int64
    (elements, 2), the example and the place of each of its elements.
    """

    rows: Tensor
    where: Tensor
    present: tuple[Tensor, ...]


class Lookup:
    """Embeds some fields of a batch: `(batch, width, dim)`, the id fields in order, then each
    sequence as the mean of its elements (zeros when empty).

    Args:
        layout: of all fields.
        fields: those that are looked up; None for all.
    """

    def __init__(self, layout: Layout, fields: Collection[str] | None = None) -> None:
        self.space = RowSpace(layout, fields)
        self._all = len(self.space.columns) == len(layout.ids)
        self._lengths = {one.name: one.length for one in layout.sequences}

    def touch(self, ids: Tensor, sequences: Mapping[str, Tensor]) -> Touched:
        """ids int32 (batch, id fields); sequences int32 (batch, length), padded below zero."""
        own = ids if self._all else tf.gather(ids, self.space.columns, axis=1)
        flat = [tf.reshape(own + self.space.id_starts, [-1])]
        places = []
        for name, start in self.space.sequence_starts.items():
            present = tf.where(sequences[name] >= 0)
            flat.append(tf.gather_nd(sequences[name], present) + start)
            places.append(present)
        rows, where = tf.unique(tf.concat(flat, 0))
        return Touched(rows, where, tuple(places))

    def embed(self, weights: Tensor, touched: Touched, batch: Tensor) -> Tensor:
        """Weights `(distinct, dim)` of the touched rows to `(batch, width, dim)`."""
        fields, elements = self._used(weights, touched, batch)
        pooled = [fields]
        for values, present in zip(elements, touched.present, strict=True):
            owner = tf.cast(present[:, 0], tf.int32)
            total = tf.math.unsorted_segment_sum(values, owner, batch)
            count = tf.math.unsorted_segment_sum(tf.ones_like(owner, tf.float32), owner, batch)
            pooled.append((total / tf.maximum(count, 1.0)[:, None])[:, None, :])
        return tf.concat(pooled, 1)

    def spread(
        self, weights: Tensor, touched: Touched, batch: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """As `embed`, but `(batch, id fields, dim)`, and each sequence `(batch, length, dim)`."""
        fields, elements = self._used(weights, touched, batch)
        sequences = []
        for values, present, name in zip(
            elements, touched.present, self.space.sequence_starts, strict=True
        ):
            shape = tf.stack([batch, self._lengths[name], weights.shape[1]])
            spread = tf.scatter_nd(tf.cast(present, tf.int32), values, shape)
            spread.set_shape([None, self._lengths[name], weights.shape[1]])
            sequences.append(spread)
        return fields, sequences

    def _used(
        self, weights: Tensor, touched: Touched, batch: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """`(batch, id fields, dim)`, and per sequence `(elements, dim)`."""
        dim, ids = weights.shape[1], len(self.space.columns)
        used = tf.gather(weights, touched.where)
        sizes = [batch * ids, *(tf.shape(present)[0] for present in touched.present)]
        first, *elements = tf.split(used, sizes, num=1 + len(touched.present))
        return tf.reshape(first, [batch, ids, dim]), elements
