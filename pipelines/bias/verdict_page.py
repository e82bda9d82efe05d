"""The page of `crossrank debias`."""

from __future__ import annotations

from typing import Any

from pipelines.page import html, picture
from pipelines.page.html import Html, classed, tag
from pipelines.page.picture import MAIN, OTHER, name_places

Document = dict[str, Any]

HEADS = ("way", "validation", "test", "less 'none', test", "p")


def rows(document: Document) -> list[list[str]]:
    """A line a way, and one of the order that was shown."""
    found = [["as shown", "", _interval(document["shown"]), "", ""]]
    for way, one in document["ways"].items():
        other = one["difference"]
        cells = ["", ""] if other is None else [_interval(other, "+"), f"{other['p']:.3g}"]
        found.append([way, _interval(one["validation"]), _interval(one["test"]), *cells])
    return found


def render(document: Document) -> Html:
    """The whole page."""
    warnings = dict.fromkeys(
        text for one in document["ways"].values() for text in one["test"]["warnings"]
    )
    return html.page(
        "debias",
        tag("h1", "Does removing position bias help?"),
        tag("p", tag("b", document["verdict"])),
        _differences(document),
        html.table(HEADS, rows(document), numeric=range(1, 5)),
        *(classed("p", "soft", text) for text in _notes(document)),
        *(classed("p", "note", f"{way}: {why}") for way, why in document["failures"].items()),
        *(classed("p", "note", text) for text in warnings),
    )


def _notes(document: Document) -> list[str]:
    """What the numbers are, and what they rest on."""
    metric, propensity = document["metric"], document["propensity"]
    found = [
        f"A way's {metric} is the mean worth of the rank that it gives to a relevant row, from "
        "0 to 1: clicks count by how seldom their row was looked at. 'as shown' is the order that "
        "was logged. Differences have intervals that are wider the more ways are compared."
    ]
    if propensity is None:
        return [*found, "Clicks are divided by the propensity that each row was logged with."]
    found.append(
        f"Clicks are divided by the examination that '{propensity['estimator']}' estimates. It "
        f"assumes: {propensity['assumes']}"
    )
    for name, end in document["ends"].items():
        found.append(
            f"Were examination at the {name} end of its interval, 'auto' would gain "
            f"{_interval(end['difference'], '+')}: {end['answer']}."
        )
    return found


def _interval(one: Document, sign: str = "") -> str:
    return f"{one['value']:{sign}.4f} ({one['low']:{sign}.4f} to {one['high']:{sign}.4f})"


def _differences(document: Document) -> Html:
    told = {way: one["difference"] for way, one in document["ways"].items() if one["difference"]}
    with picture.axes("ways", "gain over clicks as they are, on test") as (axes, done):
        axes.axhline(0, color=OTHER, linewidth=1)
        for place, one in enumerate(told.values()):
            reach = [[one["value"] - one["low"]], [one["high"] - one["value"]]]
            axes.errorbar([place], [one["value"]], reach, color=MAIN, fmt="o", linewidth=1)
        name_places(axes, range(len(told)), list(told))
    return done[0]
