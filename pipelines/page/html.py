"""HTML from a tree of calls: text is escaped, and only what a tag returned is not."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files

from pipelines.page.shown import visible

_VOID = ("meta",)


class Html(str):
    """Markup that is safe to place in a page as it stands."""

    __slots__ = ()


def tag(name: str, *children: str, attributes: Mapping[str, str] | None = None) -> Html:
    """One element, XML as well as HTML; children that are not `Html` are text."""
    given = "".join(f' {key}="{_text(value)}"' for key, value in (attributes or {}).items())
    if name in _VOID:
        return Html(f"<{name}{given}/>")
    inside = "".join(one if isinstance(one, Html) else _text(one) for one in children)
    return Html(f"<{name}{given}>{inside}</{name}>")


def classed(name: str, style: str, *children: str) -> Html:
    """An element of a class."""
    return tag(name, *children, attributes={"class": style})


def link(target: str, text: str) -> Html:
    return tag("a", text, attributes={"href": target})


def page(title: str, *body: str) -> Html:
    """A whole document that needs nothing beside itself, and is allowed nothing."""
    style = files("pipelines.page").joinpath("page.css").read_text(encoding="utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = tag(
        "head",
        tag("meta", attributes={"charset": "utf-8"}),
        tag("meta", attributes={"http-equiv": "Content-Security-Policy", "content": policy}),
        tag("meta", attributes={"name": "viewport", "content": "width=device-width"}),
        tag("title", title),
        tag("style", Html(style)),
    )
    document = tag("html", head, tag("body", *body), attributes={"lang": "en"})
    return Html(f"<!DOCTYPE html>\n{document}\n")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numeric: Container[int]) -> Html:
    """A table that scrolls by itself where it is wide; the columns in `numeric` stand right."""

    def row(name: str, cells: Sequence[str]) -> Html:
        made = [
            classed(name, "n", cell) if i in numeric else tag(name, cell)
            for i, cell in enumerate(cells)
        ]
        return tag("tr", *made)

    head, body = tag("thead", row("th", heads)), tag("tbody", *(row("td", one) for one in rows))
    return classed("div", "scroll", tag("table", head, body))


def _text(text: str) -> str:
    return escape(visible(text))
