"""Encoded rows on disk: Parquet parts with a manifest, read back as batches."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from features.batch import Batch
from features.errors import DataError, FingerprintError
from features.files import read_json, write_json
from features.layout import Layout

LABEL, WEIGHT, QUERY, POSITION = "__label", "__weight", "__query", "__position"
ROLES = {"label": LABEL, "weight": WEIGHT, "query": QUERY, "position": POSITION}
_MANIFEST = "dataset.json"


class Manifest(BaseModel):
    """What a dataset is: which encoder made it, and how many rows each part holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str
    layout: Layout
    roles: tuple[str, ...]
    parts: dict[str, int]
    rows: int
    label_sum: float | None


class DatasetWriter:
    """Writes encoded frames as parts of equal size; the manifest comes last."""

    def __init__(self, folder: Path, encoder: str, layout: Layout, part_rows: int = 131_072):
        folder.mkdir(parents=True)
        self._folder, self._encoder, self._layout = folder, encoder, layout
        self._part_rows = part_rows
        self._waiting: list[pl.DataFrame] = []
        self._waiting_rows = 0
        self._parts: dict[str, int] = {}
        self._roles: tuple[str, ...] = ()
        self._label_sum: float | None = None

    def write(self, encoded: pl.DataFrame) -> None:
        """Append rows: the features, and the role columns that are known."""
        self._roles = tuple(role for role, name in ROLES.items() if name in encoded.columns)
        if LABEL in encoded.columns:
            self._label_sum = (self._label_sum or 0.0) + float(encoded[LABEL].sum())
        self._waiting.append(encoded)
        self._waiting_rows += encoded.height
        while self._waiting_rows >= self._part_rows:
            self._flush(self._part_rows)

    @property
    def rows(self) -> int:
        """Rows written so far."""
        return sum(self._parts.values()) + self._waiting_rows

    @property
    def label_sum(self) -> float | None:
        """Sum of the labels written so far, or None without labels."""
        return self._label_sum

    def _flush(self, rows: int) -> None:
        frame = pl.concat(self._waiting, rechunk=False)
        name = f"part-{len(self._parts):05d}.parquet"
        try:
            frame.head(rows).write_parquet(self._folder / name, compression="lz4")
        except pl.exceptions.PolarsError as error:  # what Polars makes of a full disk
            raise DataError(
                f"{self._folder / name} could not be written: {error}. Free some space or choose "
                "another place, and run the command again."
            ) from error
        self._parts[name] = min(rows, frame.height)
        rest = frame.slice(rows)
        self._waiting, self._waiting_rows = ([rest] if rest.height else []), rest.height

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            return
        if self._waiting_rows:
            self._flush(self._waiting_rows)
        manifest = Manifest(
            encoder=self._encoder,
            layout=self._layout,
            roles=self._roles,
            parts=self._parts,
            rows=sum(self._parts.values()),
            label_sum=self._label_sum,
        )
        write_json(self._folder / _MANIFEST, manifest.model_dump(mode="json"))


class Dataset:
    """An encoded dataset. Raises DataError where the folder is incomplete."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        document = read_json(folder / _MANIFEST, made_by="Run `crossrank prepare` again.")
        try:
            self.manifest = Manifest.model_validate(document)
        except ValidationError as error:
            raise DataError(
                f"{folder / _MANIFEST} is not a dataset manifest: {error.errors()[0]['msg']}. "
                "Run `crossrank prepare` again."
            ) from error

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
        for name in self.manifest.parts:
            yield self._frame(name, columns)

    def _frame(self, name: str, columns: list[str] | None = None) -> pl.DataFrame:
        try:
            frame = pl.read_parquet(self.folder / name, columns=columns)
        except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise DataError(
                f"{self.folder / name} must be a readable part of the dataset; reading it "
                f"failed: {error}. Run `crossrank prepare` again."
            ) from error
        if frame.height != self.manifest.parts[name]:
            raise DataError(
                f"{self.folder / name} must hold {self.manifest.parts[name]} rows; it holds "
                f"{frame.height}. Run `crossrank prepare` again."
            )
        return frame

    def frame(self, columns: list[str] | None = None) -> pl.DataFrame:
        """All rows, in order."""
        return pl.concat(list(self.frames(columns)))

    def _batch(self, names: list[str]) -> Batch:
        roles = self.manifest.roles
        return Batch.concat(
            [
                Batch.from_frame(
                    self._frame(name),
                    self.layout,
                    label=LABEL if "label" in roles else None,
                    weight=WEIGHT if "weight" in roles else None,
                )
                for name in names
            ]
        )

    def batches(
        self, size: int, *, seed: int | None = None, window_parts: int = 8
    ) -> Iterator[Batch]:
        """Batches of `size` rows, the last one shorter.

        Without a seed in order; with one, parts are shuffled, then the rows within windows of
        `window_parts` parts, so that memory holds two windows however long the data.
        """
        parts = list(self.manifest.parts)
        order = None if seed is None else np.random.default_rng(seed)
        if order is not None:
            order.shuffle(parts)
        windows = [parts[i : i + window_parts] for i in range(0, len(parts), window_parts)]
        rest: Batch | None = None
        with ThreadPoolExecutor(1) as reader:
            waiting = reader.submit(self._batch, windows[0]) if windows else None
            for following in [*windows[1:], None]:
                if waiting is None:
                    return
                window = waiting.result()
                waiting = reader.submit(self._batch, following) if following else None
                if order is not None:
                    window = window.take(order.permutation(window.rows))
                if rest is not None:
                    window = Batch.concat([rest, window])
                whole = window.rows - window.rows % size
                for start in range(0, whole, size):
                    yield window.take(slice(start, start + size))
                rest = window.take(slice(whole, None)) if whole < window.rows else None
        if rest is not None:
            yield rest
