"""A list of numbers that another model made: an embedding of a text or an image."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field as Option

from features.errors import SchemaError
from features.layout import Field, NumericField
from features.state import State
from features.transforms.scale import LARGEST, Doubles
from features.transforms.transform import Roles, Transform, Values
from features.want import Want


class Vector(Transform):
    """`dim` numbers a row, optionally projected to `project` and brought to length 1.

    The projection is seeded and random, x R with R ~ N(0, 1 / project), which keeps distances
    (Johnson and Lindenstrauss, 1984). A missing vector, an empty one, or one with an element that
    is missing, NaN or infinite, is all zeros. A number beyond the range of float32 is the last one
    within.

        [[features]]
        type = "vector"
        column = "image_embedding"
        dim = 512
    """

    type: Literal["vector"] = "vector"
    want: ClassVar[Want] = "numbers"
    dim: int = Option(ge=1, le=65_536)
    project: int | None = Option(default=None, ge=1, le=4096)
    seed: int = Option(default=0, ge=0, lt=2**31)
    normalize: bool = False

    @property
    def key(self) -> str:
        return f"vector:{self.name}"

    def fit_columns(self, roles: Roles) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def observe(self, frame: pl.DataFrame, roles: Roles) -> None:  # noqa: ARG002
        return None

    def finalize(self, statistic: Any, base: Path) -> State:  # noqa: ARG002
        if self.project is None:
            return State()
        # Kept, since another version of NumPy may draw other numbers from the same seed.
        drawn = np.random.default_rng(self.seed).standard_normal((self.dim, self.project))
        return State(arrays={"projection": drawn / math.sqrt(self.project)})

    def read(self, dtype: pl.DataType) -> pl.Expr:
        lists = pl.List(pl.Float64)
        inner = pl.List(dtype.inner).inner if isinstance(dtype, pl.List | pl.Array) else dtype
        numeric = inner != dtype and (inner.is_numeric() or inner in (pl.Boolean, pl.Null))
        if numeric or dtype == pl.Null:
            return pl.col(self.column).cast(lists)
        raise SchemaError(
            f"Column '{self.column}' must hold lists of {self.dim} numbers; it holds {dtype}. "
            "Convert it."
        )

    def encode(self, values: pl.Series, state: State) -> Values:
        lengths = values.list.len().fill_null(0)
        if not lengths.is_in([0, self.dim]).all():
            wrong = lengths.filter(~lengths.is_in([0, self.dim]))[0]
            raise SchemaError(
                f"Column '{self.column}' must hold lists of {self.dim} numbers; it holds one of "
                f"{wrong}. Mend the row, or declare `dim = {wrong}`."
            )
        vectors = np.zeros((len(values), self.dim))
        present = (lengths > 0).to_numpy()
        vectors[present] = values.filter(lengths > 0).explode().to_numpy().reshape(-1, self.dim)
        vectors[~np.isfinite(vectors).all(1)] = 0
        vectors = np.clip(vectors, -LARGEST, LARGEST)
        if self.project is not None:
            vectors = vectors @ state.arrays["projection"]
        if self.normalize:
            vectors = _unit(vectors)
        return np.clip(vectors, -LARGEST, LARGEST).astype(np.float32)

    def field(self, state: State) -> Field:  # noqa: ARG002
        return NumericField(name=self.name, width=self.project or self.dim)


def _unit(vectors: Doubles) -> Doubles:
    """Of length 1; zeros stay. The largest element comes to 1 first, as squares may vanish."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    vectors = vectors / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Doubles = vectors / np.where(length > 0, length, 1.0)
    return unit
