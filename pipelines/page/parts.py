"""What long pages are laid out with: the few numbers, a table of contents, sections, figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.page.html import Html, classed, link, tag


@dataclass(frozen=True)
class Tile:
    """A number that matters: its name, the number, and what to make of it."""

    name: str
    value: str
    below: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """A part of a page that can be gone to."""

    key: str
    title: str
    body: Sequence[str]


def tiles(found: Iterable[Tile]) -> Html:
    return classed(
        "div",
        "tiles",
        *(
            classed(
                "div",
                "tile",
                classed("span", "soft", one.name),
                tag("b", one.value),
                *(classed("span", "soft", line) for line in one.below),
            )
            for one in found
        ),
    )


def contents(top: Sequence[str], sections: Sequence[Section]) -> Html:
    """The top of a page, links to its sections (beside them where there is room), and these."""
    nav = tag("nav", *(link(f"#{one.key}", one.title) for one in sections))
    made = (
        tag("section", tag("h2", one.title), *one.body, attributes={"id": one.key})
        for one in sections
    )
    return classed("div", "long", tag("header", *top), nav, tag("main", *made))


def figure(picture: Html, caption: str) -> Html:
    return tag("figure", picture, tag("figcaption", caption))


def points(lines: Iterable[str]) -> Html:
    return tag("ul", *(tag("li", one) for one in lines))


def pairs(found: Iterable[tuple[str, str]]) -> Html:
    """Names and what they are."""
    cells = (cell for name, text in found for cell in (tag("dt", name), tag("dd", text)))
    return tag("dl", *cells)


def folded(title: str, *body: str) -> Html:
    """What is shown when it is asked for."""
    return tag("details", tag("summary", title), *body)
