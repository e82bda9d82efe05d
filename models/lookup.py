"""From a batch's ids to the table rows that it uses, and back to its fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from features.batch import Batch, Ints
from features.errors import DataError
from features.layout import Layout
from features.rows import RowSpace
from models.keras import tf
from models.optimizers.optimizer import Tensor


class Lookup:
    """Embeds some fields of a batch: `(batch, width, dim)`, the id fields in order, then each
    sequence as the mean of its elements (zeros when empty).

    What it uses stands one after another: the id fields of all examples, then each sequence's
    present elements.

    Args:
        layout: of all fields.
        fields: those that are looked up; None for all.
    """

    def __init__(self, layout: Layout, fields: Collection[str] | None = None) -> None:
        self.space = RowSpace(layout, fields)
        self._every = len(self.space.columns) == len(layout.ids)
        self._lengths = {one.name: one.length for one in layout.sequences}

    def rows(self, batch: Batch) -> Ints:
        """Of the table, those that a batch uses, int32 (uses,).

        Raises DataError where an id is of no row.
        """
        ids = batch.ids + self.space.id_starts if self._every else self.space.ids(batch)
        elements = (
            batch.sequences[name][batch.sequences[name] >= 0] + start
            for name, start in self.space.sequence_starts.items()
        )
        rows = np.concatenate([ids.ravel(), *elements], dtype=np.int32)
        if len(rows) and not (rows.min() >= 0 and rows.max() < self.space.rows):
            raise DataError(
                f"Ids must be rows of their vocabularies, of {self.space.rows} rows in all; these "
                f"are rows {rows.min()} to {rows.max()}. Prepare the data for this model again."
            )
        return rows

    def embed(self, used: Tensor, sequences: Mapping[str, Tensor], batch: Tensor) -> Tensor:
        """Weights `(uses, dim)` of the rows used to `(batch, width, dim)`."""
        fields, elements = self._divided(used, sequences, batch)
        pooled = [fields]
        for values, present in elements:
            owner = tf.cast(present[:, 0], tf.int32)
            total = tf.math.unsorted_segment_sum(values, owner, batch)
            count = tf.math.unsorted_segment_sum(tf.ones_like(owner, tf.float32), owner, batch)
            pooled.append((total / tf.maximum(count, 1.0)[:, None])[:, None, :])
        return tf.concat(pooled, 1)

    def spread(
        self, used: Tensor, sequences: Mapping[str, Tensor], batch: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """As `embed`, but `(batch, id fields, dim)`, and each sequence `(batch, length, dim)`."""
        fields, elements = self._divided(used, sequences, batch)
        whole = []
        for (values, present), name in zip(elements, self.space.sequence_starts, strict=True):
            shape = tf.stack([batch, self._lengths[name], used.shape[1]])
            spread = tf.scatter_nd(tf.cast(present, tf.int32), values, shape)
            spread.set_shape([None, self._lengths[name], used.shape[1]])
            whole.append(spread)
        return fields, whole

    def _divided(
        self, used: Tensor, sequences: Mapping[str, Tensor], batch: Tensor
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """`(batch, id fields, dim)`, and of each sequence the elements that are present: theirs
        `(elements, dim)`, and the example and the place of each, int64 `(elements, 2)`."""
        dim, ids = used.shape[1], len(self.space.columns)
        places = [tf.where(sequences[name] >= 0) for name in self.space.sequence_starts]
        sizes = [batch * ids, *(tf.shape(present)[0] for present in places)]
        first, *elements = tf.split(used, sizes, num=1 + len(places))
        return tf.reshape(first, [batch, ids, dim]), list(zip(elements, places, strict=True))
