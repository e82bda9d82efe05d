"""From a fine histogram to the few bars of a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from features.sketches.histogram import Histogram

Floats = np.ndarray[Any, np.dtype[np.float64]]

_FEW = 24  # values that get a bar each
_BARS = 40
_SKEW = 5  # a tail so many times longer than the middle half is drawn on a log scale
_REST = 0.005  # share left out at each end of a linear scale


@dataclass(frozen=True)
class Bars:
    """Numbers in `counts[i]` from `edges[i]` to below `edges[i + 1]`; `beyond` are in none.

    On a log scale, edges are equally far apart in asinh(x / unit): linear within a unit of 0.
    Where there are few values, `edges` are these values, one for each count.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    unit: float | None = None
    beyond: int = 0

    @property
    def each(self) -> bool:
        """Whether each value has its own bar."""
        return len(self.edges) == len(self.counts)


def bars(histogram: Histogram, *, whole: bool) -> Bars:
    """`whole`: the numbers are whole, so that bars cover whole steps."""
    table = histogram.table
    if table.height <= _FEW and (table["low"] == table["high"]).all():
        return Bars(tuple(table["low"]), tuple(table["count"]))
    low, q1, median, q3, high = histogram.quantiles([_REST, 0.25, 0.5, 0.75, 1 - _REST])
    if max(high - median, median - low) > _SKEW * (q3 - q1):
        unit = next((abs(one) for one in (q1, median, q3) if one), 1.0)
        return _log(table, unit)
    return _linear(table, low, high, whole=whole)


def _log(table: pl.DataFrame, unit: float) -> Bars:
    low, high = np.arcsinh(np.array([table["low"][0], table["high"][-1]]) / unit).tolist()
    edges = np.linspace(low, high, _BARS + 1)
    counts = _counts(table, edges, unit)
    return Bars(tuple((np.sinh(edges) * unit).tolist()), counts, unit)


def _linear(table: pl.DataFrame, low: float, high: float, *, whole: bool) -> Bars:
    if whole and high - low < 2**53:
        step = max(1, math.ceil((high - low + 1) / _BARS))
        edges = np.arange(low - 0.5, high + step, step)
    else:
        edges = np.linspace(low, high, _BARS + 1)
    counts = _counts(table, edges, None)
    return Bars(tuple(edges.tolist()), counts, None, int(table["count"].sum()) - sum(counts))


def _counts(table: pl.DataFrame, edges: Floats, unit: float | None) -> tuple[int, ...]:
    middle = (table["low"] / 2 + table["high"] / 2).to_numpy()
    places = middle if unit is None else np.arcsinh(middle / unit)
    at = np.searchsorted(edges, places, side="right") - 1
    at[places == edges[-1]] = len(edges) - 2
    inside = (at >= 0) & (at < len(edges) - 1)
    weights = table["count"].to_numpy()[inside]
    return tuple(np.bincount(at[inside], weights, len(edges) - 1).astype(int).tolist())
