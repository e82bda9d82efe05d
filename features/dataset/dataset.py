"""Encoded rows on disk: Parquet parts with a manifest, read back as frames and as batches."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import polars as pl

from features.batch import Batch
from features.dataset.epoch import UNIT, WINDOW, Epoch, Unit
from features.dataset.loader import load, nbytes
from features.dataset.manifest import Manifest
from features.dataset.prefetch import prefetch
from features.errors import ConfigError, DataError, FingerprintError
from features.layout import Layout

LABEL, WEIGHT, QUERY, POSITION = "__label", "__weight", "__query", "__position"
ROLES = {"label": LABEL, "weight": WEIGHT, "query": QUERY, "position": POSITION}
TASK = "task:"  # and its name: the role of a further label
MEMORY = 1 << 29  # bytes of rows that a shuffle holds
_AHEAD = 8  # batches made before they are asked for


def role_column(role: str) -> str:
    """The column of encoded rows that holds a role."""
    return f"__{role}"


class Dataset:
    """An encoded dataset. Raises DataError where the folder is incomplete."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = Manifest.read(folder)

    @property
    def layout(self) -> Layout:
        return self.manifest.layout

    @property
    def rows(self) -> int:
        return self.manifest.rows

    def require(self, encoder: str) -> None:
        """Raise FingerprintError unless this encoder made the dataset."""
        if self.manifest.encoder != encoder:
            raise FingerprintError(
                f"{self.folder} must be encoded by encoder {encoder[:12]}; it was encoded by "
                f"{self.manifest.encoder[:12]}. Run `crossrank prepare` again."
            )

    def frames(self, columns: list[str] | None = None) -> Iterator[pl.DataFrame]:
        """One frame a part, in order."""
        for name, rows in self.manifest.parts.items():
            yield self._frame(Unit(name, 0, rows), columns)

    def frame(self, columns: list[str] | None = None) -> pl.DataFrame:
        """All rows, in order."""
        return pl.concat(list(self.frames(columns)))

    def batches(
        self, size: int, *, seed: int | None = None, skip: int = 0, window: int | None = None
    ) -> Generator[Batch]:
        """Batches of `size` rows, the last one shorter, made ahead in a thread of their own.

        In order, or with a seed shuffled over the whole dataset as `Epoch` says, in the memory
        of some 1.5 `window` rows however long it is: `WINDOW` of them, or what `MEMORY` holds.
        `skip` leaves out the first batches without reading the parts that only they need; those
        that follow are the same as without it.

        Raises:
            ConfigError: a number is too small.
            DataError: while iterating, a part is damaged.
        """
        for name, value, least in (("size", size, 1), ("skip", skip, 0), ("window", window, 2)):
            if value is not None and value < least:
                raise ConfigError(f"{name} must be at least {least}; got {value}.")
        return prefetch(self._load(size, seed, skip, window), _AHEAD)

    def _load(self, size: int, seed: int | None, skip: int, window: int | None) -> Generator[Batch]:
        if window is None:
            window = WINDOW if seed is None else self._affordable()
        yield from load(Epoch(self.manifest.parts, seed, window), self._batch, size, skip)

    def _affordable(self) -> int:
        """`WINDOW` rows, or fewer where rows are so wide that these exceed `MEMORY`."""
        if self.rows <= UNIT:
            return WINDOW
        name, rows = next(iter(self.manifest.parts.items()))
        few = self._batch(Unit(name, 0, min(rows, 64)))
        return max(2 * UNIT, min(WINDOW, MEMORY * few.rows // nbytes(few)))

    def _batch(self, unit: Unit) -> Batch:
        roles = self.manifest.roles
        return Batch.from_frame(
            self._frame(unit),
            self.layout,
            label=LABEL if "label" in roles else None,
            weight=WEIGHT if "weight" in roles else None,
            tasks=[role_column(TASK + name) for name in self.manifest.tasks],
        )

    def _frame(self, unit: Unit, columns: list[str] | None = None) -> pl.DataFrame:
        path = self.folder / unit.part
        try:
            rows = pl.scan_parquet(path, glob=False).slice(unit.start, unit.rows)
            frame = (rows if columns is None else rows.select(columns)).collect()
        except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise DataError(
                f"{path} must be a readable part of the dataset; reading it "
                f"failed: {error}. Run `crossrank prepare` again."
            ) from error
        if frame.height != unit.rows:
            raise DataError(
                f"{path} must hold {self.manifest.parts[unit.part]} rows; it holds "
                f"{unit.start + frame.height}. Run `crossrank prepare` again."
            )
        return frame
