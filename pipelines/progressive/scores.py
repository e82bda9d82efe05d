"""What a model made of rows before it learned from them, on disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import DataError

WIDTH = 3  # probability, label, weight
_BYTES = 4 * WIDTH

Floats = npt.NDArray[np.float32]


class Scores:
    """A file of float32 (rows, 3): probability, label, weight; it grows batch by batch.

    What was added outlives the process, so that an interrupted training goes on with it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        file.touch()

    def keep(self, rows: int) -> None:
        """Forget all but the first rows. Raises DataError where there are fewer."""
        held = self._file.stat().st_size // _BYTES
        if held < rows:
            raise DataError(
                f"{self._file} must hold the scores of {rows} rows; it holds {held}. "
                "Train again without --resume."
            )
        os.truncate(self._file, rows * _BYTES)

    def add(self, probability: Floats, label: Floats, weight: Floats) -> None:
        """Of the rows that follow, each (rows,)."""
        with self._file.open("ab") as file:
            file.write(np.stack([probability, label, weight], 1, dtype=np.float32).tobytes())

    def flush(self) -> None:
        """To the disk itself."""
        with self._file.open("ab") as file:
            os.fsync(file.fileno())

    @property
    def rows(self) -> npt.NDArray[Any]:
        """Float32 (rows, 3), mapped."""
        size = self._file.stat().st_size // _BYTES
        if size == 0:  # nothing can be mapped
            return np.empty((0, WIDTH), np.float32)
        return np.memmap(self._file, np.float32, "r", shape=(size, WIDTH))
