"""A picture as inline SVG, in the colours of the page that holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from importlib.util import find_spec
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from features.errors import ConfigError
from pipelines.page.html import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that nothing else has; each becomes a colour of the page's own style.
INK, MAIN, OTHER, SOFT, LINE = "#010203", "#040506", "#070809", "#0a0b0c", "#0d0e0f"
_STYLES = {
    INK: "var(--ink)",
    MAIN: "var(--main)",
    OTHER: "var(--other)",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
}
_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "crossrank",  # the same picture is the same file
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
}
_WIDTH = 58  # characters that fit side by side


def require_matplotlib() -> None:
    """Raises ConfigError where the extra is not installed."""
    if find_spec("matplotlib") is None:
        raise ConfigError(
            "A page needs matplotlib, the extra 'report', and it is not installed. Run pip "
            "install 'crossrank[report]', or write the numbers alone: --out NAME.json."
        )


@contextmanager
def axes(key: str, title: str) -> Iterator[tuple[Axes, list[Html]]]:
    """Axes to draw on; the picture, its ids begun with `key`, is in the list after the block."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    done: list[Html] = []
    with mpl.rc_context(_SETTINGS):
        drawing = Figure(figsize=(5, 2.8), layout="constrained")
        drawing.patch.set_visible(False)
        canvas = FigureCanvasSVG(drawing)
        drawn = drawing.add_subplot()
        drawn.patch.set_visible(False)
        drawn.set_title(title)
        yield drawn, done
        text = StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        canvas.print_svg(text, metadata=nothing)
    done.append(_inline(text.getvalue(), key, title))


def _inline(svg: str, key: str, title: str) -> Html:
    """The element alone: its colours those of the page, its ids its own."""
    found = svg[svg.index("<svg") :]
    found = re.sub(r"<metadata>.*?</metadata>", "", found, flags=re.DOTALL)
    found = re.sub(r'<g id="[^"]*"', "<g", found)
    found = re.sub(r" font-family: [^;]*;", "", found)  # the page has its own
    found = re.sub(r'(\bid="|"#|url\(#)', rf"\g<1>{key}-", found)
    for colour, style in _STYLES.items():
        found = found.replace(colour, style)
    named = f'<svg role="img" aria-label="{escape(title)}"'
    return Html(found.replace("<svg", named, 1).strip())


def name_places(drawn: Axes, places: Sequence[float], names: Sequence[str]) -> None:
    """Names under their places, turned where they would run into each other."""
    room = _WIDTH / max(len(names), 1)
    turned = any(len(a) / 2 + 1 + len(b) / 2 > room for a, b in pairwise(names))
    drawn.set_xticks(
        places, names, rotation=30 if turned else 0, ha="right" if turned else "center"
    )


def percent(drawn: Axes, axis: Literal["x", "y", "both"]) -> None:
    """Shares as percentages, of as few digits as the ticks need."""
    from matplotlib.ticker import PercentFormatter

    for one in (drawn.xaxis, drawn.yaxis) if axis == "both" else (getattr(drawn, f"{axis}axis"),):
        one.set_major_formatter(PercentFormatter(1))
