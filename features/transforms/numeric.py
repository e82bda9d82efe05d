"""A number, brought to the scale a network learns from."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any, ClassVar, Literal, Self

import numpy as np
import polars as pl
from pydantic import Field as Option
from pydantic import FiniteFloat, model_validator

from features.errors import DataError
from features.layout import Field, NumericField
from features.sketches.histogram import Histogram
from features.state import State
from features.statistics import Moments, Statistic
from features.transforms.number import as_number, numbers
from features.transforms.scale import LARGEST, Doubles, Floats, Line, Scale
from features.transforms.transform import Roles, Together, Transform, Values
from features.want import Want

_STEPS = np.linspace(0, 1, 1001)
_EDGE = 1e-7  # the ends of a rank-Gauss scale: 5.2 standard deviations


class Numeric(Transform):
    """A number, cut to `clip`, then sign(x) log(1 + |x|) where `log`, then scaled.

    `scale` is `standard`: (x - mean) / std; `min_max`: 0 to 1; `quantile`: the share of training
    values below, ties at their middle; `rank_gauss`: that share as a standard normal quantile;
    or `none`. NaN and infinities are missing; missing is `fill` (a raw value), else the mean, or
    the median where the scale follows ranks. A number beyond the range of float32, before or after
    scaling, is the last one within.

        [[features]]
        type = "numeric"
        column = "price"
        log = true
    """

    type: Literal["numeric"] = "numeric"
    want: ClassVar[Want] = "number"
    clip: tuple[FiniteFloat, FiniteFloat] | None = None
    log: bool = False
    scale: Literal["standard", "min_max", "quantile", "rank_gauss", "none"] = "standard"
    fill: float | None = Option(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.clip is not None and not self.clip[0] < self.clip[1]:
            raise ValueError(f"`clip` must be [least, most], least below most; got {self.clip}")
        return self

    @property
    def key(self) -> str:
        return f"numeric:{self.name}"

    @property
    def ranked(self) -> bool:
        """Whether the scale follows the quantiles."""
        return self.scale in ("quantile", "rank_gauss")

    def _line(self, shift: float = 0.0, scale: float = 1.0, missing: float = 0.0) -> Line:
        low, high = self.clip or (-np.inf, np.inf)
        if not self.log:
            low, high = np.clip([low, high], -LARGEST, LARGEST).tolist()
        return Line(low, high, self.log, shift, scale, missing)

    def _unscaled(self, values: Doubles) -> Doubles:
        unscaled: Doubles = Scale([self._line()]).unscaled(values[None])[0]
        return unscaled

    def observe(self, frame: pl.DataFrame, roles: Roles) -> Statistic:  # noqa: ARG002
        expression = self.read(frame[self.column].dtype)
        raw = frame[self.column] if expression is None else frame.select(expression).to_series()
        values = numbers(raw)
        present = np.isfinite(values)
        if self.fill is not None:
            values, present = np.where(present, values, self.fill), np.ones_like(present)
        unscaled = pl.Series(self._unscaled(values)).to_frame("x")
        kept = unscaled.select(pl.when(pl.Series(present)).then("x")).to_series()
        return Histogram.of(kept) if self.ranked else Moments.of(kept)

    def finalize(self, statistic: Any, base: Path) -> State:  # noqa: ARG002
        if statistic.count == 0:
            raise DataError(
                f"Column '{self.column}' must hold numbers to learn a scale from; all "
                f"{statistic.nulls} rows are missing. Remove the feature or mend the data."
            )
        if self.ranked:
            return self._ranks(statistic)
        shift, scale = 0.0, 1.0
        if self.scale == "standard":
            shift, scale = statistic.mean, statistic.std
        elif self.scale == "min_max":
            shift, scale = statistic.minimum, statistic.maximum - statistic.minimum
        return State({"shift": shift, "scale": scale or 1.0, "missing": statistic.mean})

    def _ranks(self, histogram: Histogram) -> State:
        """A piecewise linear scale through the quantiles: ranks at knots, float64."""
        values = np.asarray(histogram.quantiles(_STEPS))
        knots, first, count = np.unique(values, return_index=True, return_counts=True)
        ranks = (_STEPS[first] + _STEPS[first + count - 1]) / 2
        if self.scale == "rank_gauss":
            normal = NormalDist()
            ranks = np.array([normal.inv_cdf(one) for one in np.clip(ranks, _EDGE, 1 - _EDGE)])
        middle = float(values[len(values) // 2])
        return State({"missing": middle}, {"knots": knots, "ranks": ranks})

    def read(self, dtype: pl.DataType) -> pl.Expr | None:
        return as_number(self.column, dtype)

    def line(self, state: State) -> Line:
        """The scale, where it is not `ranked`."""
        known = dict(state.values)
        if self.fill is not None:
            known["missing"] = float(self._unscaled(np.array([self.fill]))[0])
        return self._line(**known)

    def encode(self, values: pl.Series, state: State) -> Values:
        raw = numbers(values)
        if not self.ranked:
            scaled: Floats = Scale([self.line(state)])(raw[None])[0]
            return scaled
        missing = state.values["missing"]
        if self.fill is not None:
            missing = self._unscaled(np.array([self.fill]))[0]
        filled = np.where(np.isfinite(raw), self._unscaled(raw), missing)
        return np.interp(filled, state.arrays["knots"], state.arrays["ranks"]).astype(np.float32)

    def field(self, state: State) -> Field:  # noqa: ARG002
        return NumericField(name=self.name)

    def kind(self, state: State) -> Hashable:  # noqa: ARG002
        return self.ranked

    @classmethod
    def together(cls, features: Sequence[tuple[Transform, State]]) -> Together:
        """One pass over all the features that are not `ranked`."""
        lines = [
            feature.line(state)
            for feature, state in features
            if isinstance(feature, Numeric) and not feature.ranked
        ]
        if not lines:
            return super().together(features)
        scale = Scale(lines)

        def all_at_once(columns: list[pl.Series]) -> Floats:
            raw = np.empty((len(columns), len(columns[0])))
            for i, values in enumerate(columns):
                raw[i] = values.to_numpy()
            return scale(raw)

        return all_at_once
