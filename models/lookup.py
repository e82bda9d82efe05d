"""From a batch's ids to the distinct table rows it touches, and back to its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from features.layout import Layout
from features.rows import RowSpace
from models.keras import tf
from models.optimizers.optimizer import Tensor


@dataclass(frozen=True)
class Touched:
    """The distinct rows of a batch, and where each is used.

    rows: int32 (distinct,). where: int32 (values,) index into `rows`, the id fields of all
    examples first, then each sequence's present elements. owners: per sequence, int32 the
    example of each of its elements.
    """

    rows: Tensor
    where: Tensor
    owners: tuple[Tensor, ...]


class Lookup:
    """Embeds a batch: `(batch, width, dim)`, the id fields in order, then each sequence as the
    mean of its elements (zeros when empty).
    """

    def __init__(self, layout: Layout) -> None:
        self.space = RowSpace(layout)
        self._ids = len(layout.ids)

    def touch(self, ids: Tensor, sequences: Mapping[str, Tensor]) -> Touched:
        """ids int32 (batch, id fields); sequences int32 (batch, length), padded below zero."""
        flat = [tf.reshape(ids + self.space.id_starts, [-1])]
        owners = []
        for name, start in self.space.sequence_starts.items():
            present = tf.where(sequences[name] >= 0)
            flat.append(tf.gather_nd(sequences[name], present) + start)
            owners.append(tf.cast(present[:, 0], tf.int32))
        rows, where = tf.unique(tf.concat(flat, 0))
        return Touched(rows, where, tuple(owners))

    def embed(self, weights: Tensor, touched: Touched, batch: Tensor) -> Tensor:
        """Weights `(distinct, dim)` of the touched rows to `(batch, width, dim)`."""
        dim = weights.shape[1]
        used = tf.gather(weights, touched.where)
        sizes = [batch * self._ids, *(tf.shape(owner)[0] for owner in touched.owners)]
        parts = tf.split(used, sizes, num=1 + len(touched.owners))
        fields = [tf.reshape(parts[0], [batch, self._ids, dim])]
        for elements, owner in zip(parts[1:], touched.owners, strict=True):
            total = tf.math.unsorted_segment_sum(elements, owner, batch)
            count = tf.math.unsorted_segment_sum(tf.ones_like(owner, tf.float32), owner, batch)
            fields.append((total / tf.maximum(count, 1.0)[:, None])[:, None, :])
        return tf.concat(fields, 1)
