"""Embedding tables as memory-mapped arrays, full or quantized."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.errors import BundleError
from features.ragged import PAD
from features.rows import RowSpace

Floats = npt.NDArray[np.float32]
Storage = Literal["int8", "float32"]


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


class FloatTable(StoredTable):
    """float32 (rows, dim), as trained."""

    def __init__(self, weights: Floats) -> None:
        self._weights = weights
        self.rows, self.dim = weights.shape

    def gather(self, rows: npt.NDArray[np.int32]) -> Floats:
        return self._weights[rows]


class Int8Table(StoredTable):
    """int8 codes (rows, dim) and one float16 scale a row: w = code * scale.

    Symmetric, scale = max |w| / 127 rounded up to a float16, so that no weight clips and the
    error of each is at most half a scale.
    """

    def __init__(self, codes: npt.NDArray[np.int8], scales: npt.NDArray[np.float16]) -> None:
        self._codes, self._scales = codes, scales
        self.rows, self.dim = codes.shape

    def gather(self, rows: npt.NDArray[np.int32]) -> Floats:
        weights = self._codes[rows].astype(np.float32)
        weights *= self._scales[rows].astype(np.float32)[..., None]
        return weights


def quantize_rows(weights: Floats) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float16]]:
    """Codes int8 (rows, dim) and scales float16 (rows,) of finite weights (rows, dim).

    Raises:
        BundleError: a weight is not finite, or too large for a float16 scale.
    """
    largest = np.abs(weights).max(axis=1, initial=0.0)
    if not np.isfinite(largest).all() or largest.max(initial=0.0) / 127 > np.finfo(np.float16).max:
        row = int(np.argmax(~np.isfinite(largest) | (largest == largest.max(initial=0.0))))
        raise BundleError(
            f"Weights must be finite and below 8e6 to be quantized; row {row} reaches "
            f"{largest[row]}. Train again with lower learning rates."
        )
    exact = largest / 127
    scales = exact.astype(np.float16)
    scales = np.where(scales < exact, np.nextafter(scales, np.float16(np.inf)), scales)
    safe = np.where(scales == 0, 1, scales).astype(np.float32)
    codes = np.rint(weights / safe[:, None]).astype(np.int8)
    return codes, scales.astype(np.float16)


def save_table(folder: Path, name: str, weights: Floats, storage: Storage) -> None:
    """Write the arrays of a table into `folder`, a million rows at a time."""
    rows, dim = weights.shape
    if storage == "float32":
        np.save(folder / f"{name}.weights.npy", weights)
        return
    codes = _create(folder / f"{name}.codes.npy", np.int8, (rows, dim))
    scales = _create(folder / f"{name}.scales.npy", np.float16, (rows,))
    for start in range(0, rows, 1 << 20):
        part = slice(start, start + (1 << 20))
        codes[part], scales[part] = quantize_rows(weights[part])
    codes.flush()
    scales.flush()


def _create(path: Path, dtype: Any, shape: tuple[int, ...]) -> Any:
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)


def load_table(folder: Path, name: str, storage: Storage, rows: int, dim: int) -> StoredTable:
    """Map a table. Raises BundleError where an array is not what was declared."""
    if storage == "float32":
        return FloatTable(_map(folder / f"{name}.weights.npy", np.float32, (rows, dim)))
    codes = _map(folder / f"{name}.codes.npy", np.int8, (rows, dim))
    return Int8Table(codes, _map(folder / f"{name}.scales.npy", np.float16, (rows,)))


def _map(path: Path, dtype: Any, shape: tuple[int, ...]) -> Any:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BundleError(
            f"{path.name} must be an array file; reading it failed: {error}"
        ) from error
    if array.dtype != dtype or array.shape != shape:
        raise BundleError(
            f"{path.name} must hold {np.dtype(dtype)} {shape}; it holds {array.dtype} "
            f"{array.shape}. Export again."
        )
    return array
