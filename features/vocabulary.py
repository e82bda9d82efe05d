"""The map from raw values to rows of an embedding table."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import polars as pl
import pyarrow as pa

from features.errors import DataError
from features.hashing import hash_text
from features.index import FIRST, UNSEEN, Index
from features.statistics import Counts


class Vocabulary:
    """Values in the order of their rows: row 0 is a missing value, row 1 an unseen one.

    The values follow from row 2, most frequent first (ties in the order of the text), so that
    a row number is also a popularity rank; what a later log added (`grown`) comes after, ranked
    within that log. A value is found by its hash alone, in `index`: an unseen value is taken for
    a known one with probability size / 2^64.

    Args:
        size: how many values.
        index: their rows by hash.
        source: the values, or the file that `save` wrote them to, read when they are asked for.
    """

    def __init__(self, size: int, index: Index, source: pl.Series | Path) -> None:
        self.size, self.index, self._source = size, index, source

    @classmethod
    def of(cls, values: pl.Series) -> Vocabulary:
        """Of distinct Strings, none null or empty, in order."""
        return cls(len(values), Index.of(hash_text(values)), values.rename("value"))

    @classmethod
    def from_counts(
        cls, counts: Counts, *, min_count: int = 1, max_size: int | None = None
    ) -> Vocabulary:
        """Keep values seen at least `min_count` times, at most the `max_size` most frequent."""
        kept = frequent(counts, min_count)
        return cls.of(kept if max_size is None else kept.head(max_size))

    @property
    def rows(self) -> int:
        """Rows of the table, the missing and the unseen one included."""
        return self.size + FIRST

    @cached_property
    def values(self) -> pl.Series:
        """The values in order, String. Raises DataError where their file is damaged."""
        return _load(self._source) if isinstance(self._source, Path) else self._source

    def grown(self, values: pl.Series, max_size: int | None = None) -> Vocabulary:
        """Those of `values` that are unseen follow its own, up to `max_size` in all.

        No row moves: what has one keeps it, and so do the missing and the unseen.
        """
        new = values.filter(pl.Series(self.index.find(hash_text(values)) == UNSEEN))
        if max_size is not None:
            new = new.head(max(max_size - self.size, 0))
        return self if new.is_empty() else Vocabulary.of(pl.concat([self.values, new]))

    def over(self, index: Index) -> Vocabulary:
        """The same values, found in another copy of the index."""
        return Vocabulary(self.size, index, self._source)

    def save(self, path: Path) -> None:
        """Write the values: an Arrow IPC file of one String column, `value`."""
        self.values.to_frame().write_ipc(path, compression="uncompressed")


def frequent(counts: Counts, min_count: int) -> pl.Series:
    """Values seen at least `min_count` times, most frequent first, ties in the order of text."""
    kept = counts.table.filter(pl.col("count") >= min_count)
    return kept.sort(["count", "value"], descending=[True, False])["value"]


def _load(path: Path) -> pl.Series:
    try:
        # Polars aborts the process on some damaged files; Arrow refuses them.
        with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
            table = reader.read_all()
        table.validate(full=True)
        values = pl.DataFrame(table).get_column("value")
    except (OSError, ValueError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"{path.name} must be a vocabulary (Arrow IPC, a column `value`), but reading it "
            f"failed: {error}. Prepare or export again."
        ) from error
    if values.dtype != pl.String:
        raise DataError(f"{path.name} must hold strings; it holds {values.dtype}. Export again.")
    return values
