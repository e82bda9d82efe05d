"""Pictures of columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipelines.inspect.bars import Bars
from pipelines.page import picture
from pipelines.page.html import Html
from pipelines.page.picture import MAIN, OTHER, name_places
from pipelines.page.shown import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TICKS = 12


def distribution(key: str, found: Bars, show: Callable[[float | None], str] = figure) -> Html:
    """Bars of counts over the numbers, on the scale that `bars` chose."""
    with picture.axes(key, "rows") as (axes, done):
        if found.each:
            _bars(axes, [show(one) for one in found.edges], found.counts)
        else:
            unit = found.unit
            edges = np.array(found.edges)
            places = edges if unit is None else np.arcsinh(edges / unit)
            axes.stairs(found.counts, places, fill=True, color=MAIN)
            ticks = _ticks(found)
            axes.set_xticks(ticks if unit is None else np.arcsinh(np.array(ticks) / unit))
            axes.set_xticklabels([show(one) for one in ticks])
    return done[0]


def coverage(key: str, points: Sequence[tuple[int, float]]) -> Html:
    """Share of the rows that the most frequent values cover."""
    with picture.axes(key, "share of rows in the k most frequent values") as (axes, done):
        axes.plot(*zip(*points, strict=True), color=MAIN, marker="o", markersize=3)
        axes.set_xscale("log")
        axes.minorticks_off()
        ticks = [one for one, _ in points if math.log10(one).is_integer()]
        axes.set_xticks(ticks, [f"{one:,}" for one in ticks])
        axes.set_ylim(0, 1.02)
    return done[0]


def label_rates(
    key: str, names: Sequence[str], rates: Sequence[tuple[float, float, float]], overall: float
) -> Html:
    """Rate, and the ends of its interval, by bucket; the rate of all rows as a line."""
    with picture.axes(key, "label rate, with 95% intervals") as (axes, done):
        middle, low, high = np.array(rates).T
        axes.axhline(overall, color=OTHER, linewidth=1)
        reach = np.maximum([middle - low, high - middle], 0)
        places = range(len(names))
        axes.errorbar(places, middle, reach, color=MAIN, fmt="o", markersize=4, linewidth=1)
        name_places(axes, places, names)
        axes.set_ylim(bottom=0)
    return done[0]


def shares(key: str, names: Sequence[str], before: Sequence[float], after: Sequence[float]) -> Html:
    """Two shares by bucket, side by side."""
    with picture.axes(key, "share of rows: A left, B right") as (axes, done):
        places = range(len(names))
        axes.bar([one - 0.2 for one in places], before, 0.4, color=MAIN)
        axes.bar([one + 0.2 for one in places], after, 0.4, color=OTHER)
        name_places(axes, places, names)
    return done[0]


def _bars(axes: Axes, names: Sequence[str], counts: Sequence[int]) -> None:
    places = range(len(names))
    axes.bar(places, counts, 0.8, color=MAIN)
    every = max(1, math.ceil(len(names) / _TICKS))
    shown = list(names)[::every]
    name_places(axes, places[::every], shown)


def _ticks(found: Bars) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    low, high = found.edges[0], found.edges[-1]
    if found.unit is None:
        return [one for one in MaxNLocator(5).tick_values(low, high) if low <= one <= high]
    first = math.floor(math.log10(found.unit)) + 1
    last = math.floor(math.log10(max(abs(low), abs(high))))
    steps = range(first, last + 1, max(1, math.ceil((last - first + 1) / 5)))
    powers = [10.0**step for step in steps]
    ticks = sorted({0.0, *powers, *(-one for one in powers)})
    return [one for one in ticks if low <= one <= high]
