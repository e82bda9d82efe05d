"""The array files of a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from features.errors import BundleError
from serving.tables import storage as kinds
from serving.tables.codes import CodedTable
from serving.tables.floats import BFloat16Table, FloatTable
from serving.tables.layout import TableLayout
from serving.tables.mixed import MixedTable
from serving.tables.pruned import PrunedTable, word_count
from serving.tables.storage import Storage
from serving.tables.stored import StoredTable

Open = Callable[[str, Any, tuple[int, ...]], Any]


def arrays(name: str, kind: Storage, rows: int, dim: int, open_array: Open) -> list[Any]:
    """The arrays of the rows of one storage, as `open_array(file, dtype, shape)` gives them."""
    stem = f"{name}.{kind}"
    if not kinds.is_coded(kind):
        dtype = {"float32": np.float32, "float16": np.float16, "bfloat16": np.uint16}[kind]
        return [open_array(f"{stem}.npy", dtype, (rows, dim))]
    width = -(-dim * kinds.bits(kind) // 8)
    return [
        open_array(f"{stem}.codes.npy", np.uint8, (rows, width)),
        open_array(f"{stem}.headers.npy", np.float16, (rows, 1 + kinds.is_affine(kind))),
    ]


def kept_words(name: str, rows: int, open_array: Open) -> Any:
    """The bits that say which rows are kept."""
    return open_array(f"{name}.kept.npy", np.uint64, (word_count(rows),))


def table_of(held: list[Any], kind: Storage, dim: int) -> StoredTable:
    """The table of the arrays that `arrays` gives, or names."""
    if kinds.is_coded(kind):
        codes, headers = held
        return CodedTable(codes, headers, dim, kinds.bits(kind))
    return BFloat16Table(held[0]) if kind == "bfloat16" else FloatTable(held[0])


def load_table(folder: Path, name: str, layout: TableLayout) -> StoredTable:
    """Map a table. Raises BundleError where an array is not what was declared."""

    def mapped(file: str, dtype: Any, shape: tuple[int, ...]) -> Any:
        return _map(folder / file, dtype, shape)

    tables = {
        kind: table_of(
            arrays(name, kind, layout.rows_of(kind), layout.dim, mapped), kind, layout.dim
        )
        for kind in layout.storages
    }
    table: StoredTable
    if len(layout.ranges) == 1 and tables:
        (table,) = tables.values()
    else:
        starts = np.cumsum([0, *(one.rows for one in layout.ranges)])[:-1].tolist()
        holders = [one.storage for one in layout.ranges]
        table = MixedTable(layout.kept, layout.dim, starts, holders, tables)
    if not layout.pruned:
        return table
    kept = load_kept(folder, name, layout.rows)
    if int(np.bitwise_count(kept).sum()) != layout.kept:
        raise BundleError(
            f"The bits of '{name}' must keep {layout.kept} rows; they keep others. Export again."
        )
    return PrunedTable(kept, table, layout.rows)


def load_kept(folder: Path, name: str, rows: int) -> Any:
    """Map the bits of a pruned table's rows. Raises BundleError."""
    return kept_words(name, rows, lambda file, dtype, shape: _map(folder / file, dtype, shape))


def _map(path: Path, dtype: Any, shape: tuple[int, ...]) -> Any:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BundleError(
            f"{path.name} must be an array file; reading it failed: {error}"
        ) from error
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        raise BundleError(
            f"{path.name} must hold {np.dtype(dtype)} {shape}; it holds {array.dtype} "
            f"{array.shape}. Export again."
        )
    return array
