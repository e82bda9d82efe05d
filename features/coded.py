"""Columns of text that come with their dictionary, as Enum: a distinct value is encoded once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import polars.selectors as cs

from features.layout import IdField
from features.state import State
from features.transforms.transform import Transform

Rows = npt.NDArray[np.int32]


def gains(feature: Transform, state: State) -> bool:
    """Whether a text column can be encoded by its distinct values."""
    plain = feature.want == "id" and feature.read(pl.String()) is None
    alike = type(feature).encode_training is Transform.encode_training
    return plain and alike and isinstance(feature.field(state), IdField)


def texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with its Enums as String."""
    return frame.with_columns(cs.enum().cast(pl.String))


class Coded:
    """A feature's values of an Enum's categories.

    Args:
        feature: one that `gains`.
        values: the Enum.
    """

    def __init__(self, feature: Transform, values: pl.Series, state: State) -> None:
        assert isinstance(values.dtype, pl.Enum)
        categories = values.dtype.categories
        known = feature.encode(categories.extend_constant(None, 1), state)
        assert isinstance(known, np.ndarray)
        self._known = known
        # As narrow as they are, the codes have room for one more.
        self._codes = values.to_physical().fill_null(len(categories)).to_numpy()

    def write(self, start: int, out: Rows) -> None:
        """The encoded values from a row on, as many as `out` holds."""
        self._known.take(self._codes[start : start + len(out)], out=out, mode="clip")
