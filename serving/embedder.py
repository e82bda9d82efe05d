"""From encoded rows to what the dense network takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.inputs import NUMERIC, elements, mask
from features.layout import Layout
from features.ragged import PAD
from features.rows import RowSpace
from serving.tables.stored import StoredTable

Floats = npt.NDArray[np.float32]


class Read(Protocol):
    """The fields that read a table (None for all), and whether their sequences stay whole."""

    @property
    def fields(self) -> tuple[str, ...] | None: ...

    @property
    def whole(self) -> bool: ...


class Embedder:
    """Looks a batch up in all tables, as `models.model.Model.inputs` does in training.

    Args:
        layout: of the batches.
        tables: by name.
        reads: how each is read.
    """

    def __init__(
        self, layout: Layout, tables: Mapping[str, StoredTable], reads: Mapping[str, Read]
    ) -> None:
        self._tables = [
            (name, table, RowSpace(layout, reads[name].fields), reads[name].whole)
            for name, table in tables.items()
        ]
        whole = any(read.whole for read in reads.values())
        self._masked = [one.name for one in layout.sequences] if whole else []

    def __call__(self, batch: Batch) -> dict[str, Floats]:
        """Float32 inputs by name (`features.inputs`), but for those without values."""
        inputs = {NUMERIC: batch.numerics}
        for name, table, space, whole in self._tables:
            if not whole:
                inputs[name] = table.embed(batch, space)
                continue
            inputs[name], spread = table.spread(batch, space)
            inputs |= {elements(name, i): one for i, one in enumerate(spread)}
        for i, name in enumerate(self._masked):
            inputs[mask(i)] = (batch.sequences[name] != PAD).astype(np.float32)
        return {name: one for name, one in inputs.items() if 0 not in one.shape[1:]}
