"""A picture as inline SVG, in the colours of the page that holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from features.errors import ConfigError
from pipelines.page.html import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that nothing else has; each becomes a colour of the page's own style.
INK, MAIN, OTHER = "#010203", "#040506", "#070809"
_STYLES = {INK: "var(--ink)", MAIN: "var(--main)", OTHER: "var(--other)"}
_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "crossrank",  # the same picture is the same file
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
}
_WIDTH = 66  # characters that fit side by side


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
        drawing = Figure(figsize=(5, 2.3), layout="constrained")
        drawing.patch.set_visible(False)
        canvas = FigureCanvasSVG(drawing)
        drawn = drawing.add_subplot()
        drawn.patch.set_visible(False)
        drawn.set_title(title)
        yield drawn, done
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


def name_places(drawn: Axes, places: Sequence[float], names: Sequence[str]) -> None:
    """Names under their places, turned where they would run into each other."""
    room = _WIDTH / max(len(names), 1)
    turned = any(len(a) / 2 + 1 + len(b) / 2 > room for a, b in pairwise(names))
    drawn.set_xticks(
        places, names, rotation=30 if turned else 0, ha="right" if turned else "center"
    )
