"""The batch that stopped a training, on disk."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from features.batch import Batch
from features.layout import Layout

FILE = "stopped-by.npz"


def save(batch: Batch, layout: Layout, folder: Path) -> Path:
    """Write what the encoder made of the rows, one array a field; returns the file.

    `id.NAME` int32 (rows,), `sequence.NAME` int32 (rows, length), `numeric.NAME` float32
    (rows,), and what else the batch holds under its own name, as `label` float32 (rows,).
    """
    arrays: dict[str, Any] = {
        one.name: value
        for one in fields(batch)
        if isinstance(value := getattr(batch, one.name), np.ndarray)
        and one.name not in ("ids", "numerics")
    }
    for i, field in enumerate(layout.ids):
        arrays[f"id.{field.name}"] = batch.ids[:, i]
    for name, values in batch.sequences.items():
        arrays[f"sequence.{name}"] = values
    for i, name in enumerate(layout.numeric_names):
        arrays[f"numeric.{name}"] = batch.numerics[:, i]
    path = folder / FILE
    np.savez(path, **arrays)
    return path
