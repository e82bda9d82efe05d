"""A trained table to its array files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.cores import spread
from serving.tables import storage as kinds
from serving.tables.files import arrays, kept_words, table_of
from serving.tables.floats import bfloat16_bits
from serving.tables.layout import TableLayout
from serving.tables.pruned import words
from serving.tables.quantize import quantize, require_finite
from serving.tables.storage import Storage
from serving.tables.stored import Floats

_ROWS = 1 << 18  # at once


def write_table(
    folder: Path,
    name: str,
    weights: Floats,
    layout: TableLayout,
    kept: npt.NDArray[np.bool_] | None = None,
) -> None:
    """Write float32 (rows, dim) as `layout` has it; of a pruned one the rows of the mask `kept`.

    Memory grows by some parts of a quarter of a million rows, whatever the table holds.

    Raises:
        BundleError: a weight is not finite, or too large for its storage.
    """
    assert (kept is not None) == layout.pruned
    assert weights.shape == (layout.rows, layout.dim)

    def create(file: str, dtype: Any, shape: tuple[int, ...]) -> Any:
        return np.lib.format.open_memmap(folder / file, mode="w+", dtype=dtype, shape=shape)

    if kept is not None:
        kept_words(name, layout.rows, create)[:] = words(kept)
    source = None if kept is None else np.flatnonzero(kept)
    for kind in layout.storages:
        made = arrays(name, kind, layout.rows_of(kind), layout.dim, create)
        spread(partial(_write, weights, source, kind, made), list(_parts(layout, kind)))
        for array in made:
            array.flush()


def _parts(layout: TableLayout, kind: Storage) -> Iterator[tuple[int, int, int]]:
    """(first row among those kept, first row among those of this storage, rows)."""
    start = place = 0
    for one in layout.ranges:
        if one.storage == kind:
            for done in range(0, one.rows, _ROWS):
                yield start + done, place + done, min(_ROWS, one.rows - done)
            place += one.rows
        start += one.rows


def _write(
    weights: Floats,
    source: npt.NDArray[np.intp] | None,
    kind: Storage,
    made: list[Any],
    part: tuple[int, int, int],
) -> None:
    start, place, rows = part
    chosen = slice(start, start + rows)
    values = weights[chosen] if source is None else weights[source[chosen]]
    for array, encoded in zip(made, encode(values, kind), strict=True):
        array[place : place + rows] = encoded


def encode(weights: Floats, kind: Storage) -> tuple[npt.NDArray[Any], ...]:
    """The arrays of rows (rows, dim) in one storage. Raises BundleError."""
    if kinds.is_coded(kind):
        return quantize(weights, kinds.bits(kind), kinds.is_affine(kind))
    require_finite(weights, float(np.finfo(np.float16 if kind == "float16" else np.float32).max))
    if kind == "bfloat16":
        return (bfloat16_bits(weights),)
    return (weights.astype(np.float16 if kind == "float16" else np.float32, copy=False),)


def restored(weights: Floats, kind: Storage) -> Floats:
    """What a table of rows (rows, dim) in one storage gives back. Raises BundleError."""
    rows, dim = weights.shape
    table = table_of(list(encode(weights, kind)), kind, dim)
    return table.gather(np.arange(rows, dtype=np.int32))
