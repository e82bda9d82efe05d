"""A number cut into buckets, each an id."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import polars as pl
from pydantic import Field as Option
from pydantic import FiniteFloat, model_validator

from features.errors import DataError
from features.index import FIRST, MISSING
from features.layout import Field, IdField
from features.sketches.histogram import Histogram
from features.state import State
from features.transforms.labels import binary
from features.transforms.mdl import LABEL, mdl_edges
from features.transforms.number import as_number, numbers
from features.transforms.transform import Roles, Transform, Values
from features.want import Want


class Bucketize(Transform):
    """A number as the id of the bucket it falls into: edge <= x < next edge.

    The edges are given, or learned: `by = "quantile"` for buckets of equal counts, `"width"` for
    buckets of equal widths between the extremes, `"target"` for those that tell the label best,
    as many as the minimum description length admits (Fayyad and Irani, IJCAI 1993), at most
    `buckets`. NaN and infinities are missing.

        [[features]]
        type = "bucketize"
        column = "age"
        edges = [18, 30, 45, 65]
    """

    type: Literal["bucketize"] = "bucketize"
    want: ClassVar[Want] = "number"
    edges: tuple[FiniteFloat, ...] | None = Option(default=None, min_length=1)
    by: Literal["quantile", "width", "target"] = "quantile"
    buckets: int = Option(default=10, ge=2, le=65_536)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.edges is not None and not all(np.diff(self.edges) > 0):
            raise ValueError(f"`edges` must ascend; got {list(self.edges)}")
        return self

    @property
    def key(self) -> str:
        return f"bucketize:{self.name}"

    def fit_columns(self, roles: Roles) -> tuple[str, ...]:
        if self.edges is not None:
            return ()
        if self.by == "target":
            return (self.column, roles.require("label", f"feature '{self.name}'"))
        return (self.column,)

    def observe(self, frame: pl.DataFrame, roles: Roles) -> Histogram | None:
        if self.edges is not None:
            return None
        expression = self.read(frame[self.column].dtype)
        raw = frame[self.column] if expression is None else frame.select(expression).to_series()
        values = pl.Series(numbers(raw))
        if self.by != "target":
            return Histogram.of(values)
        assert roles.label is not None
        return Histogram.of(values, binary(frame[roles.label]).to_frame(LABEL))

    def finalize(self, statistic: Any, base: Path) -> State:  # noqa: ARG002
        if self.edges is not None:
            return State({"buckets": len(self.edges) + 1}, {"edges": np.array(self.edges)})
        if statistic.count == 0:
            raise DataError(
                f"Column '{self.column}' must hold numbers to learn buckets from; no row does. "
                "Remove the feature or mend the data."
            )
        inner = np.linspace(0, 1, self.buckets + 1)[1:-1]
        if self.by == "target":
            edges = mdl_edges(statistic, self.buckets)
        elif self.by == "width":
            low, high = statistic.minimum, statistic.maximum
            edges = np.unique(low * (1 - inner) + high * inner)  # high - low could overflow
            edges = edges[(edges > low) & (edges <= high)]
        else:
            table = statistic.table
            cuts = np.searchsorted(table["key"].to_numpy(), statistic.cuts(inner))
            edges = table["low"].to_numpy()[cuts + 1]  # the least number beyond each quantile
        return State({"buckets": len(edges) + 1}, {"edges": edges})

    def read(self, dtype: pl.DataType) -> pl.Expr | None:
        return as_number(self.column, dtype)

    def encode(self, values: pl.Series, state: State) -> Values:
        raw = numbers(values)
        bucket = np.searchsorted(state.arrays["edges"], raw, side="right") + FIRST
        return np.where(np.isfinite(raw), bucket, MISSING).astype(np.int32)

    def field(self, state: State) -> Field:  # noqa: ARG002
        return IdField(name=self.name, vocabulary=self.key)
