"""What a bundle's tables hold, by vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features import store
from features.rows import RowSpace
from serving.bundle import open_bundle
from serving.tables.files import load_kept
from serving.tables.layout import TableLayout
from serving.tables.storage import Storage, row_bytes


@dataclass(frozen=True)
class Content:
    """The rows of a vocabulary in a table: bytes of those kept, and how many are stored how (None:
    zeros that take no place)."""

    table: str
    vocabulary: str
    rows: int
    bytes: int
    storages: dict[Storage | None, int]


def contents(folder: Path) -> list[Content]:
    """Of every table and vocabulary, in order. Raises BundleError for a damaged bundle."""
    manifest = open_bundle(folder)
    layout = store.load(folder / "encoder").layout
    found = []
    for name, entry in manifest.tables.items():
        starts = RowSpace(layout, entry.fields).starts
        ends = [*starts.values(), entry.layout.rows]
        before = _kept_before(folder, name, entry.layout)
        for vocabulary, (start, stop) in zip(starts, pairwise(ends), strict=True):
            held = _storages(entry.layout, int(before[start]), int(before[stop]))
            if pruned := stop - start - sum(held.values()):
                held[None] = held.get(None, 0) + pruned
            size = sum(row_bytes(one, entry.layout.dim) * n for one, n in held.items() if one)
            found.append(Content(name, vocabulary, stop - start, size, held))
    return found


def _kept_before(folder: Path, name: str, layout: TableLayout) -> npt.NDArray[np.int64]:
    """Of each row and the end, how many rows before it are kept."""
    kept = np.ones(layout.rows, np.int64)
    if layout.pruned:
        bits = load_kept(folder / "tables", name, layout.rows).view(np.uint8)
        kept = np.unpackbits(bits, bitorder="little")[: layout.rows].astype(np.int64)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])


def _storages(layout: TableLayout, start: int, stop: int) -> dict[Storage | None, int]:
    """How many of the rows start to stop, counted among those kept, are stored how."""
    found: dict[Storage | None, int] = {}
    first = 0
    for one in layout.ranges:
        many = min(stop, first + one.rows) - max(start, first)
        if many > 0:
            found[one.storage] = found.get(one.storage, 0) + many
        first += one.rows
    return found
