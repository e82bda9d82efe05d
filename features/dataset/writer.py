"""Encoded rows to the parts of a dataset."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import polars as pl

from features.dataset.dataset import LABEL, ROLES, TASK, WEIGHT, role_column
from features.dataset.epoch import UNIT
from features.dataset.manifest import Labels, Part
from features.files import write_bytes


def write_part(folder: Path, number: int, encoded: pl.DataFrame) -> Part:
    """Write rows, the features and the role columns that are known, as one part.

    The same rows give the same bytes. There must be at least one.

    Raises:
        OSError: the disk is full or the place cannot be written.
    """
    assert encoded.height
    name = f"part-{number:05d}.parquet"
    buffer = BytesIO()
    encoded.rechunk().write_parquet(
        buffer, compression="lz4", statistics=False, row_group_size=UNIT
    )
    write_bytes(folder / name, buffer.getbuffer())
    prefix = role_column(TASK)
    tasks = [one.removeprefix(prefix) for one in encoded.columns if one.startswith(prefix)]
    roles = [role for role, column in ROLES.items() if column in encoded.columns]
    return Part(
        name=name,
        rows=encoded.height,
        roles=(*roles, *(TASK + task for task in tasks)),
        labels=_labels(encoded, LABEL) if LABEL in encoded.columns else None,
        tasks={task: _labels(encoded, prefix + task) for task in tasks},
        sha256=hashlib.sha256(buffer.getbuffer()).hexdigest(),
    )


def _labels(encoded: pl.DataFrame, column: str) -> Labels:
    read = [column, WEIGHT] if WEIGHT in encoded.columns else [column]
    encoded = encoded.select(read).drop_nulls(column)
    label = encoded[column].cast(pl.Float64)
    total = float(label.sum())
    if WEIGHT in encoded.columns:
        weight = encoded[WEIGHT].cast(pl.Float64)
        mass, weighted = float(weight.sum()), float((weight * label).sum())
    else:
        mass, weighted = float(encoded.height), total
    return Labels(
        rows=encoded.height,
        sum=total,
        positives=int((label > 0).sum()),
        weight=mass,
        weighted_sum=weighted,
    )
