"""Encoded rows to the parts of a dataset."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import polars as pl

from features.dataset.dataset import LABEL, ROLES, WEIGHT
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
    return Part(
        name=name,
        rows=encoded.height,
        roles=tuple(role for role, column in ROLES.items() if column in encoded.columns),
        labels=_labels(encoded) if LABEL in encoded.columns else None,
        sha256=hashlib.sha256(buffer.getbuffer()).hexdigest(),
    )


def _labels(encoded: pl.DataFrame) -> Labels:
    label = encoded[LABEL].cast(pl.Float64)
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
