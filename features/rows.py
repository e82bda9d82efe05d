"""One row space for several vocabularies: where each field's rows stand in a fused table."""

from __future__ import annotations

from collections.abc import Collection
from itertools import accumulate

import numpy as np

from features.batch import Batch, Ints
from features.layout import Layout, NumericField
from features.ragged import PAD


class RowSpace:
    """The vocabularies of some fields, one after another; those who share one share its rows.

    Args:
        layout: of all fields.
        fields: names of the id and sequence fields that read the table; None for all.

    Attributes:
        rows: rows in all. starts: first row by vocabulary. columns: of the id fields, among the
        layout's. width: vectors an example has once embedded, one an id field and then one a
        sequence.
    """

    def __init__(self, layout: Layout, fields: Collection[str] | None = None) -> None:
        def chosen(name: str) -> bool:
            return fields is None or name in fields

        read = {
            one.vocabulary
            for one in layout.fields
            if not isinstance(one, NumericField) and chosen(one.name)
        }
        sizes = {name: rows for name, rows in layout.vocabularies.items() if name in read}
        *starts, self.rows = accumulate(sizes.values(), initial=0)
        self.starts = dict(zip(sizes, starts, strict=True))
        places = [i for i, one in enumerate(layout.ids) if chosen(one.name)]
        self.columns = np.array(places, np.int32)
        ids = [layout.ids[i] for i in places]
        self.id_starts = np.array([self.starts[one.vocabulary] for one in ids], np.int32)
        self.sequence_starts = {
            one.name: self.starts[one.vocabulary] for one in layout.sequences if chosen(one.name)
        }
        self.width = len(ids) + len(self.sequence_starts)

    def ids(self, batch: Batch) -> Ints:
        """Rows of the id fields, int32 (rows, id fields)."""
        return batch.ids[:, self.columns] + self.id_starts

    def sequences(self, batch: Batch) -> dict[str, Ints]:
        """Rows of each sequence's elements, int32 (rows, length), `PAD` at the end."""
        return {
            name: np.where(batch.sequences[name] == PAD, PAD, batch.sequences[name] + start)
            for name, start in self.sequence_starts.items()
        }
