"""What a row is compared with: the same row, had nothing been known of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from features.batch import Batch, Floats
from features.encoder import Encoder
from features.index import MISSING, UNSEEN
from features.layout import NumericField
from features.ragged import PAD, Ragged
from features.transforms.transform import Transform
from features.want import Want

_NOTHING: dict[Want, pl.DataType] = {
    "number": pl.Float64(),
    "numbers": pl.List(pl.Float64),
    "ids": pl.List(pl.String),
}


def baseline(encoder: Encoder, batch: Batch) -> Batch:
    """Rows as many as the batch's, of unseen ids and of numbers as a missing one is encoded.

    That is the mean in training, the median where the scale follows ranks, or a declared `fill`.
    Ids without a vocabulary (hashed, or of buckets) are missing ones. A sequence is as long as
    the row's own, each element unseen, so that no mask changes on the way.
    """
    fields = encoder.layout
    unseen = {
        one.name: UNSEEN if encoder.states[one.key].vocabulary is not None else MISSING
        for one in encoder.schema.transforms
    }
    ids = np.array([unseen[one.name] for one in fields.ids], np.int32)
    numbers = [
        _missing(one, encoder)
        for one in encoder.schema.transforms
        if isinstance(one.field(encoder.states[one.key]), NumericField)
    ]
    numerics = np.concatenate([np.empty(0, np.float32), *numbers])
    return replace(
        batch,
        ids=np.tile(ids, (batch.rows, 1)),
        numerics=np.tile(numerics.astype(np.float32), (batch.rows, 1)),
        sequences={
            name: np.where(values == PAD, PAD, np.int32(unseen[name]))
            for name, values in batch.sequences.items()
        },
    )


def _missing(feature: Transform, encoder: Encoder) -> Floats:
    """Of a feature of numbers, what a missing value is encoded as: float32 (width,)."""
    dtype = _NOTHING.get(feature.want, pl.String())
    raw = pl.DataFrame({feature.column: pl.Series([None], dtype=dtype)})
    read = feature.read(dtype)
    values = raw[feature.column] if read is None else raw.select(read).to_series()
    encoded = feature.encode(values, encoder.states[feature.key])
    assert not isinstance(encoded, Ragged)
    return encoded.reshape(-1)
