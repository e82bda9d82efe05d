"""Lists of integers of any length, laid end to end."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ragged:
    """Lists of int64; list i is values[start[i] : start[i] + length[i]]."""

    values: Ints
    start: Ints
    length: Ints

    def take(self, rows: Ints, of: pl.Series | None = None) -> pl.Series:
        """Return the lists at `rows` as a list<int64> series, or of what `of` holds at them."""
        start, length = self.start[rows], self.length[rows]
        offsets = np.concatenate(([0], np.cumsum(length)))
        at = np.repeat(start - offsets[:-1], length) + np.arange(int(offsets[-1]))
        found = self.values[at]
        inner = pa.array(found) if of is None else of.gather(found).to_arrow()
        lists = pa.LargeListArray.from_arrays(pa.array(offsets), inner)
        series = pl.from_arrow(lists)
        assert isinstance(series, pl.Series)
        return series
