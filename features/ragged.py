"""Lists of row numbers, end to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

PAD = -1

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Ragged:
    """Lists one after another: `values` int32 (elements,), `lengths` int64 (rows,)."""

    values: Ints
    lengths: npt.NDArray[np.int64]

    @classmethod
    def of(cls, lists: pl.Series) -> Ragged:
        """From a List(Int32) series without nulls."""
        lengths = lists.list.len().to_numpy().astype(np.int64)
        return cls(lists.explode(empty_as_null=False, keep_nulls=False).to_numpy(), lengths)

    @classmethod
    def concat(cls, parts: Sequence[Ragged]) -> Ragged:
        return cls(
            np.concatenate([one.values for one in parts]),
            np.concatenate([one.lengths for one in parts]),
        )

    def repeat(self, rows: int) -> Ragged:
        """The only list, `rows` times."""
        return Ragged(np.tile(self.values, rows), np.repeat(self.lengths, rows))

    def padded(self, length: int) -> Ints:
        """Lists of at most `length` as int32 (rows, length), `PAD` after the end of each."""
        out = np.full((len(self.lengths), length), PAD, np.int32)
        out[np.arange(length) < self.lengths[:, None]] = self.values
        return out

    def series(self, name: str) -> pl.Series:
        """List(Int32)."""
        offsets = np.zeros(len(self.lengths) + 1, np.int64)
        np.cumsum(self.lengths, out=offsets[1:])
        return pl.Series(name, pa.LargeListArray.from_arrays(offsets, self.values))
