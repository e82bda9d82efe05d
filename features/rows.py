"""One row space for all vocabularies: where each field's rows stand in a fused table."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from features.batch import Batch, Ints
from features.layout import Layout
from features.ragged import PAD


class RowSpace:
    """The vocabularies of a layout, one after another; features that share one share its rows.

    rows: rows in all. starts: first row by vocabulary. width: vectors an example has once
    embedded, one an id field and then one a sequence.
    """

    def __init__(self, layout: Layout) -> None:
        *starts, self.rows = accumulate(layout.vocabularies.values(), initial=0)
        self.starts = dict(zip(layout.vocabularies, starts, strict=True))
        self.id_starts = np.array([self.starts[one.vocabulary] for one in layout.ids], np.int32)
        self.sequence_starts = {one.name: self.starts[one.vocabulary] for one in layout.sequences}
        self.width = len(layout.ids) + len(layout.sequences)

    def ids(self, batch: Batch) -> Ints:
        """Rows of the id fields, int32 (rows, id fields)."""
        return batch.ids + self.id_starts

    def sequences(self, batch: Batch) -> dict[str, Ints]:
        """Rows of each sequence's elements, int32 (rows, length), `PAD` at the end."""
        return {
            name: np.where(batch.sequences[name] == PAD, PAD, batch.sequences[name] + start)
            for name, start in self.sequence_starts.items()
        }
