"""Pictures as inline SVG, in the colours of the page that holds them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from features.errors import ConfigError
from pipelines.inspect.bars import Bars
from pipelines.inspect.html import Html
from pipelines.inspect.shown import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that nothing else has; each becomes a colour of the page's own style.
_INK, _MAIN, _OTHER = "#010203", "#040506", "#070809"
_STYLES = {_INK: "var(--ink)", _MAIN: "var(--main)", _OTHER: "var(--other)"}
_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "crossrank",  # the same picture is the same file
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
}
_TICKS = 12
_WIDTH = 66  # characters that fit side by side


def require_matplotlib() -> None:
    """Raises ConfigError where the extra is not installed."""
    if find_spec("matplotlib") is None:
        raise ConfigError(
            "A page needs matplotlib, the extra 'report', and it is not installed. Run pip "
            "install 'crossrank[report]', or write the numbers alone: --out NAME.json."
        )


def distribution(key: str, found: Bars, show: Callable[[float | None], str] = figure) -> Html:
    """Bars of counts over the numbers, on the scale that `bars` chose."""
    with _axes(key, "rows") as (axes, done):
        if found.each:
            _bars(axes, [show(one) for one in found.edges], found.counts)
        else:
            unit = found.unit
            edges = np.array(found.edges)
            places = edges if unit is None else np.arcsinh(edges / unit)
            axes.stairs(found.counts, places, fill=True, color=_MAIN)
            ticks = _ticks(found)
            axes.set_xticks(ticks if unit is None else np.arcsinh(np.array(ticks) / unit))
            axes.set_xticklabels([show(one) for one in ticks])
    return done[0]


def coverage(key: str, points: Sequence[tuple[int, float]]) -> Html:
    """Share of the rows that the most frequent values cover."""
    with _axes(key, "share of rows in the k most frequent values") as (axes, done):
        axes.plot(*zip(*points, strict=True), color=_MAIN, marker="o", markersize=3)
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
    with _axes(key, "label rate, with 95% intervals") as (axes, done):
        middle, low, high = np.array(rates).T
        axes.axhline(overall, color=_OTHER, linewidth=1)
        reach = np.maximum([middle - low, high - middle], 0)
        places = range(len(names))
        axes.errorbar(places, middle, reach, color=_MAIN, fmt="o", markersize=4, linewidth=1)
        _name(axes, places, names)
        axes.set_ylim(bottom=0)
    return done[0]


def shares(key: str, names: Sequence[str], before: Sequence[float], after: Sequence[float]) -> Html:
    """Two shares by bucket, side by side."""
    with _axes(key, "share of rows: A left, B right") as (axes, done):
        places = range(len(names))
        axes.bar([one - 0.2 for one in places], before, 0.4, color=_MAIN)
        axes.bar([one + 0.2 for one in places], after, 0.4, color=_OTHER)
        _name(axes, places, names)
    return done[0]


@contextmanager
def _axes(key: str, title: str) -> Iterator[tuple[Axes, list[Html]]]:
    """Axes to draw on; the picture, its ids begun with `key`, is in the list after the block."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    done: list[Html] = []
    with mpl.rc_context(_SETTINGS):
        drawing = Figure(figsize=(5, 2.3), layout="constrained")
        drawing.patch.set_visible(False)
        canvas = FigureCanvasSVG(drawing)
        axes = drawing.add_subplot()
        axes.patch.set_visible(False)
        axes.set_title(title)
        yield axes, done
        text = StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        canvas.print_svg(text, metadata=nothing)
    done.append(_inline(text.getvalue(), key))


def _inline(svg: str, key: str) -> Html:
    """The element alone: its colours those of the page, its ids its own."""
    found = svg[svg.index("<svg") :]
    found = re.sub(r"<metadata>.*?</metadata>", "", found, flags=re.DOTALL)
    found = re.sub(r'<g id="[^"]*"', "<g", found)
    found = re.sub(r" font-family: [^;]*;", "", found)  # the page has its own
    found = re.sub(r'(\bid="|"#|url\(#)', rf"\g<1>{key}-", found)
    for colour, style in _STYLES.items():
        found = found.replace(colour, style)
    return Html(found.replace("<svg", '<svg role="img"', 1).strip())


def _bars(axes: Axes, names: Sequence[str], counts: Sequence[int]) -> None:
    places = range(len(names))
    axes.bar(places, counts, 0.8, color=_MAIN)
    every = max(1, math.ceil(len(names) / _TICKS))
    shown = list(names)[::every]
    _name(axes, places[::every], shown)


def _name(axes: Axes, places: Sequence[float], names: Sequence[str]) -> None:
    """Names under their places, turned where they would run into each other."""
    room = _WIDTH / max(len(names), 1)
    turned = any(len(a) / 2 + 1 + len(b) / 2 > room for a, b in pairwise(names))
    axes.set_xticks(places, names, rotation=30 if turned else 0, ha="right" if turned else "center")


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
