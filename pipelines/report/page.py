"""The page of `crossrank report`."""

from __future__ import annotations

from typing import Any

from pipelines.page import html
from pipelines.page.html import Html, classed, link, tag
from pipelines.page.parts import contents, points, tiles
from pipelines.report import summary
from pipelines.report.findings import findings
from pipelines.report.sections import sections

Document = dict[str, Any]


def render(document: Document) -> Html:
    """The whole page."""
    title = document["card"].get("given", {}).get("title") or document["name"]
    made = sections(document)
    names = {one.key: one.title for one in made}
    looks = [
        tag("span", text, " ", link(f"#{key}", names[key])) for key, text in findings(document)
    ]
    top = [
        tag("h1", title),
        classed("p", "lead", summary.lead(document)),
        tiles(summary.tiles(document)),
        *(tag("p", one) for one in summary.verdicts(document)),
        tag("h3", "What to look at"),
        points(looks) if looks else tag("p", "Nothing stands out."),
    ]
    return html.page(title, contents(top, made))
