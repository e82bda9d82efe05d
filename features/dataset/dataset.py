"""Encoded rows on disk: Parquet parts with a manifest, read back as frames and as batches."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import polars as pl

from features.batch import Batch
from features.dataset.epoch import UNIT, WINDOW, Epoch, Order, Unit
from features.dataset.loader import evenly, load, nbytes, packed
from features.dataset.manifest import Manifest
from features.dataset.prefetch import prefetch
from features.dataset.queries import Queries
from features.dataset.query_epoch import QueryEpoch
from features.errors import ConfigError, DataError, FingerprintError
from features.layout import Layout

MEMORY = 1 << 29  # bytes of rows that a shuffle holds
_AHEAD = 8  # batches made before they are asked for


def role_column(role: str) -> str:
    """The column of encoded rows that holds a role."""
    return f"__{role}"


ROLES = {role: role_column(role) for role in ("label", "weight", "query", "position", "propensity")}
LABEL, WEIGHT, QUERY, POSITION, PROPENSITY = ROLES.values()
TASK = "task:"  # and its name: the role of a further label


class Dataset:
    """An encoded dataset: the parts that a folder's manifest names, or another one's of them.

    Raises DataError where the folder is incomplete.
    """

    def __init__(self, folder: Path, manifest: Manifest | None = None) -> None:
        self.folder = folder
        self.manifest = Manifest.read(folder) if manifest is None else manifest

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

    @cached_property
    def queries(self) -> Queries:
        """Which rows are of one query. Raises DataError where these do not stand together."""
        return Queries.of(lambda: (frame[QUERY] for frame in self.frames([QUERY])))

    def batches(
        self,
        size: int,
        *,
        seed: int | None = None,
        skip: int = 0,
        window: int | None = None,
        by_query: bool = False,
    ) -> Generator[Batch]:
        """Batches of `size` rows, the last one shorter, made ahead in a thread of their own.

        In order, or with a seed shuffled over the whole dataset as `Epoch` says, in the memory
        of some 1.5 `window` rows however long it is: `WINDOW` of them, or what `MEMORY` holds.
        `skip` leaves out the first batches without reading the parts that only they need; those
        that follow are the same as without it.

        `by_query` gives whole queries, numbered in `Batch.query`: as many as fit into `size` rows,
        or a longer one by itself; shuffled as `QueryEpoch` says.

        Raises:
            ConfigError: a number is too small, or there are no queries.
            DataError: while iterating, a part is damaged, or the rows of a query are apart.
        """
        for name, value, least in (("size", size, 1), ("skip", skip, 0), ("window", window, 2)):
            if value is not None and value < least:
                raise ConfigError(f"{name} must be at least {least}; got {value}.")
        if by_query and "query" not in self.manifest.roles:
            raise ConfigError(
                f"Batches by query need rows that have a query; those of {self.folder} have none. "
                "Declare data.query and run `crossrank prepare` again."
            )
        made = self._load_queries if by_query else self._load
        return prefetch(made(size, seed, skip, window), _AHEAD)

    def _load(self, size: int, seed: int | None, skip: int, window: int | None) -> Generator[Batch]:
        epoch = Epoch(self.manifest.parts, seed, window or self._affordable(seed))
        yield from load(epoch, self._batch, evenly(self.rows, size), skip)

    def _load_queries(
        self, size: int, seed: int | None, skip: int, window: int | None
    ) -> Generator[Batch]:
        parts, sizes = self.manifest.parts, self.queries.sizes
        if seed is None:
            epoch: Order = Epoch(parts, None)
        else:
            epoch = shuffle = QueryEpoch(parts, sizes, seed, window or self._affordable(seed))
            sizes = shuffle.ordered
        yield from load(epoch, self._numbered, packed(sizes, size), skip)

    def _affordable(self, seed: int | None) -> int:
        """`WINDOW` rows, or fewer where a shuffle's are so wide that these exceed `MEMORY`."""
        if seed is None or self.rows <= UNIT:
            return WINDOW
        name, rows = next(iter(self.manifest.parts.items()))
        few = self._batch(Unit(name, 0, min(rows, 64)))
        return max(2 * UNIT, min(WINDOW, MEMORY * few.rows // nbytes(few)))

    def _batch(self, unit: Unit) -> Batch:
        return self._arrays(self._frame(unit))

    def _numbered(self, unit: Unit) -> Batch:
        """With the number of each row's query."""
        start = self._starts[unit.part] + unit.start
        number = pl.Series(QUERY, self.queries.numbers(start, unit.rows))
        return self._arrays(self._frame(unit).with_columns(number), QUERY)

    def _arrays(self, frame: pl.DataFrame, query: str | None = None) -> Batch:
        roles = self.manifest.roles
        return Batch.from_frame(
            frame,
            self.layout,
            label=LABEL if "label" in roles else None,
            weight=WEIGHT if "weight" in roles else None,
            query=query,
            tasks=[role_column(TASK + name) for name in self.manifest.tasks],
        )

    @cached_property
    def _starts(self) -> dict[str, int]:
        """How many rows come before each part."""
        ends = accumulate(self.manifest.parts.values(), initial=0)
        return dict(zip(self.manifest.parts, ends, strict=False))

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
