"""An interval in a cell of a table, on the scale of its column."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.page.html import Html, tag

_WIDTH, _HEIGHT, _EDGE = 128, 16, 5  # the size that `.mark` has in the page's style


@dataclass(frozen=True)
class Scale:
    """From `low` to `high`, above it; a line at `reference`, where there is one."""

    low: float
    high: float
    reference: float | None = None

    def place(self, value: float) -> float:
        """From the left edge; what is beyond an end is at it."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return _EDGE + share * (_WIDTH - 2 * _EDGE)


def mark(scale: Scale, value: float, low: float, high: float, *, stands_out: bool = False) -> Html:
    """A point, a line from `low` to `high`, and the reference across."""
    middle, colour = f"{_HEIGHT / 2:g}", "var(--bad)" if stands_out else "var(--main)"
    drawn = []
    if scale.reference is not None:
        at = f"{scale.place(scale.reference):.1f}"
        drawn.append(_line(at, "1", at, str(_HEIGHT - 1), "var(--soft)", "1"))
    ends = (f"{scale.place(low):.1f}", middle, f"{scale.place(high):.1f}", middle)
    drawn.append(_line(*ends, colour, "1.5"))
    point = {"cx": f"{scale.place(value):.1f}", "cy": middle, "r": "3.5", "fill": colour}
    drawn.append(tag("circle", attributes=point))
    frame = {"class": "mark", "viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "aria-hidden": "true"}
    return tag("svg", *drawn, attributes=frame)


def _line(x1: str, y1: str, x2: str, y2: str, colour: str, width: str) -> Html:
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return tag("line", attributes=ends | {"stroke": colour, "stroke-width": width})
