"""The map from raw values to rows of an embedding table."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

import polars as pl
import pyarrow as pa

from features.errors import DataError
from features.statistics import Counts

MISSING = 0
UNSEEN = 1
FIRST = 2  # the row of the most frequent value


class Vocabulary:
    """Values in the order of their rows: row 0 is a missing value, row 1 an unseen one.

    The values follow from row 2, most frequent first (ties in the order of the text), so that
    a row number is also a popularity rank.
    """

    def __init__(self, values: pl.Series) -> None:
        self.values = values.rename("value")

    @classmethod
    def from_counts(
        cls, counts: Counts, *, min_count: int = 1, max_size: int | None = None
    ) -> Vocabulary:
        """Keep values seen at least `min_count` times, at most the `max_size` most frequent."""
        kept = counts.table.filter(pl.col("count") >= min_count).sort(
            ["count", "value"], descending=[True, False]
        )
        return cls(kept["value"] if max_size is None else kept["value"].head(max_size))

    @property
    def rows(self) -> int:
        """Rows of the table, the missing and the unseen one included."""
        return len(self.values) + FIRST

    @cached_property
    def dtype(self) -> pl.Enum:
        """The values at the codes of their rows, "" at `MISSING`, an unused text at `UNSEEN`."""
        unused = "\0"
        while unused in self.values:
            unused += "\0"
        # Building the Enum hashes every value; an expression holding it reuses that work.
        return pl.Enum(pl.concat([pl.Series("value", ["", unused]), self.values]))

    def lookup(self, text: pl.Expr) -> pl.Expr:
        """Row of each String value: Int32, `MISSING` for null and "", `UNSEEN` for the rest."""
        return self.lookup_present(text.fill_null(""))

    def lookup_present(self, text: pl.Expr) -> pl.Expr:
        """As `lookup`, for values known not to be null."""
        row = text.cast(self.dtype, strict=False).to_physical().cast(pl.Int32)
        return row.fill_null(pl.lit(UNSEEN, pl.Int32))

    @cached_property
    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        lengths = self.values.str.len_bytes().to_numpy()
        digest.update(lengths.astype("<u4").tobytes())
        digest.update(self.values.str.join("").item().encode() if len(self.values) else b"")
        return digest.hexdigest()

    def save(self, path: Path) -> None:
        """Write an Arrow IPC file of one String column, `value`."""
        self.values.to_frame().write_ipc(path, compression="uncompressed")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Raises DataError where the file is absent, damaged, or no vocabulary."""
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
        distinct = values.dtype == pl.String and values.n_unique() == len(values)
        if not distinct or values.null_count() or "" in values:
            raise DataError(
                f"{path.name} must hold distinct strings, none null or empty; it holds "
                f"{values.dtype} with others among them. Prepare or export again."
            )
        return cls(values)
