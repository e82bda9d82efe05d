"""StoredTable: rows on disk, and how a batch reads them."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.ragged import PAD
from features.rows import RowSpace

Floats = npt.NDArray[np.float32]


class StoredTable(ABC):
    """Rows on disk, read by the page, shared by every process that maps them."""

    rows: int
    dim: int

    @abstractmethod
    def gather(self, rows: npt.NDArray[np.int32]) -> Floats:
        """Weights float32 (*rows.shape, dim)."""

    def embed(self, batch: Batch, space: RowSpace) -> Floats:
        """A batch as the network takes it: float32 (batch, width, dim).

        The id fields in order, then each sequence as the mean of its elements (zeros when
        empty): what `models.lookup` computes in training.
        """
        ids = space.ids(batch)
        out = np.empty((batch.rows, space.width, self.dim), np.float32)
        out[:, : ids.shape[1]] = self.gather(ids)
        for i, rows in enumerate(space.sequences(batch).values(), start=ids.shape[1]):
            count = np.maximum((rows != PAD).sum(1, keepdims=True), 1)
            out[:, i] = self._spread(rows).sum(1) / count
        return out

    def spread(self, batch: Batch, space: RowSpace) -> tuple[Floats, list[Floats]]:
        """As `embed`, but (batch, id fields, dim), and each sequence (batch, length, dim)."""
        rows = space.sequences(batch).values()
        return self.gather(space.ids(batch)), [self._spread(one) for one in rows]

    def _spread(self, rows: npt.NDArray[np.int32]) -> Floats:
        """(batch, length, dim), zeros where `rows` are padded."""
        present = rows != PAD
        values = self.gather(np.where(present, rows, 0))
        values *= present[:, :, None]
        return values
