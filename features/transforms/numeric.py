"""A number, brought to the scale a network learns from."""

from __future__ import annotations

import math
import sys
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field as Option

from features.errors import DataError, SchemaError
from features.layout import Field, NumericField
from features.statistics import Moments
from features.transforms.transform import State, Transform

_LARGEST = float(np.finfo(np.float32).max)
_LARGEST_LOG = math.log1p(sys.float_info.max)


class Numeric(Transform):
    """A number, optionally sign(x) log(1 + |x|) (`log`), then (x - mean) / std (`standardize`).

    NaN and infinities are missing; missing is `fill` (a raw value), else the mean. A number
    beyond the range of float32, before or after scaling, is the last one within.

        [[features]]
        type = "numeric"
        column = "price"
        log = true
    """

    type: Literal["numeric"] = "numeric"
    log: bool = False
    standardize: bool = True
    fill: float | None = Option(default=None, allow_inf_nan=False)

    @property
    def key(self) -> str:
        return f"numeric:{self.name}"

    def _column(self, dtype: pl.DataType) -> tuple[pl.Expr, pl.Expr]:
        """The column as Float64, and whether each row holds a number."""
        if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)):
            raise SchemaError(
                f"Column '{self.column}' must hold numbers; it holds {dtype}. "
                "Convert it, or declare the feature as an id."
            )
        column = pl.col(self.column)
        present = column.is_finite() if dtype.is_float() else column.is_not_null()
        return (column if dtype == pl.Float64 else column.cast(pl.Float64)), present

    def _unscaled(self, value: pl.Expr) -> pl.Expr:
        if self.log:
            return value.sign() * value.abs().log1p()
        return value.clip(-_LARGEST, _LARGEST)

    def _scaled(self, unscaled: pl.Expr, state: State) -> pl.Expr:
        shift, scale = float(state["shift"]), float(state["scale"])
        scaled = (unscaled - shift) / scale
        reach = 2 * (_LARGEST_LOG if self.log else _LARGEST) / scale
        if reach > _LARGEST:
            scaled = scaled.clip(-_LARGEST, _LARGEST)
        return scaled.cast(pl.Float32)

    def observe(self, frame: pl.DataFrame) -> Moments:
        value, present = self._column(frame.schema[self.column])
        number: pl.Expr = pl.when(present).then(value)
        if self.fill is not None:
            number = number.fill_null(self.fill)
        return Moments.of(frame.select(self._unscaled(number)).to_series())

    def finalize(self, statistic: Moments) -> State:
        if statistic.count == 0:
            raise DataError(
                f"Column '{self.column}' must hold numbers to learn a scale from; all "
                f"{statistic.nulls} rows are missing. Remove the feature or mend the data."
            )
        if not self.standardize:
            return {"shift": 0.0, "scale": 1.0, "fill": statistic.mean}
        return {"shift": statistic.mean, "scale": statistic.std or 1.0, "fill": statistic.mean}

    def encode(self, dtype: pl.DataType, state: Any) -> pl.Expr:
        value, present = self._column(dtype)
        fill = pl.lit(state["fill"]) if self.fill is None else self._unscaled(pl.lit(self.fill))
        missing = pl.lit(pl.select(self._scaled(fill, state)).item(), pl.Float32)
        scaled = self._scaled(self._unscaled(value), state)
        return pl.when(present).then(scaled).otherwise(missing).alias(self.name)

    def field(self, state: Any) -> Field:  # noqa: ARG002
        return NumericField(name=self.name)
