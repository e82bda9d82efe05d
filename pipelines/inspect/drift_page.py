"""What `crossrank drift` shows: a line a column, and a page with a picture of each."""

from __future__ import annotations

from pipelines.inspect import plots
from pipelines.inspect.document import Document
from pipelines.page import html, shown
from pipelines.page.html import Html, classed, link, tag
from pipelines.page.shown import name_of

HEADS = ("column", "PSI", "KS", "new values", "missing A", "missing B", "finding")


def drift_rows(document: Document) -> list[list[str]]:
    """The cells under `HEADS` of each column."""
    return [
        [
            name_of(one["column"]),
            _number(one["psi"]),
            "-" if one["ks"] is None else _number(one["ks"]["value"]),
            _share(one["unseen"]),
            *map(_share, one["missing"]),
            "; ".join(one["beyond"]) or _exempt(one),
        ]
        for one in document["columns"]
    ]


def verdict(document: Document) -> str:
    """One sentence."""
    beyond = document["beyond"]
    if not beyond:
        return f"None of {len(document['columns'])} columns is beyond a threshold."
    names = ", ".join(name_of(name) for name in beyond)
    return f"Beyond a threshold, {len(beyond)} of {len(document['columns'])} columns: {names}."


def render(document: Document) -> Html:
    """The whole page."""
    rows, most = document["rows"], document["thresholds"]
    sizes = [
        name if rows[key] is None else f"{name} ({shown.count(rows[key])} rows)"
        for key, name in (("a", f"A {document['a']}"), ("b", f"B {document['b']}"))
    ]
    named = (("PSI", "psi"), ("KS", "ks"), ("new values", "unseen"))
    shown_most = [f"{name} {most[key]:g}" for name, key in named if most[key] is not None]
    limits = f"Thresholds: {', '.join(shown_most) or 'none'}."
    lines = [
        [
            link(f"#column-{i}", name) if one["parts"] else name,
            *cells,
            classed("span", "note" if one["beyond"] else "soft", finding),
        ]
        for i, (one, (name, *cells, finding)) in enumerate(
            zip(document["columns"], drift_rows(document), strict=True)
        )
    ]
    return html.page(
        "drift",
        tag("h1", verdict(document)),
        *(classed("p", "soft", one) for one in (*sizes, limits)),
        html.table(HEADS, lines, numeric=range(1, 6)),
        *(_section(i, one) for i, one in enumerate(document["columns"]) if one["parts"]),
    )


def _section(number: int, column: Document) -> Html:
    before = _shares([one["before"] for one in column["parts"]])
    after = _shares([one["after"] for one in column["parts"]])
    names = [_short(i, one, column) for i, one in enumerate(column["parts"], 1)]
    rows = [
        [str(i), _part(one, column), shown.share(a), shown.share(b)]
        for i, (one, a, b) in enumerate(zip(column["parts"], before, after, strict=True), 1)
    ]
    facts = [] if column["exempt"] is None else [_exempt(column)]
    if column["ks"] is not None and column["ks"]["error"]:
        facts.append(f"KS may be larger by up to {column['ks']['error']:.2g}.")
    if column["unseen_error"] > 1e-6:
        error = shown.share(column["unseen_error"])
        facts.append(f"Of the new values, up to {error} were taken for known.")
    found = [classed("p", "note", one) for one in column["beyond"]]
    return tag(
        "section",
        tag("h2", name_of(column["column"])),
        *found,
        *(classed("p", "soft", one) for one in facts),
        classed(
            "div",
            "parts",
            tag("div", plots.shares(f"column-{number}-parts", names, before, after)),
            tag("div", html.table(["", "part", "A", "B"], rows, numeric=(2, 3))),
        ),
        attributes={"id": f"column-{number}"},
    )


def _part(one: Document, column: Document) -> str:
    """A part in full."""
    if one["value"] is not None:
        return shown.value(one["value"], None, 240)
    return f"up to {_range(one, column)}" if one["high"] is not None else _range(one, column)


def _short(number: int, one: Document, column: Document) -> str:
    """A part under a picture, in letters that any font has."""
    return _range(one, column) if one["value"] is None else str(number)


def _range(one: Document, column: Document) -> str:
    if one["name"] is not None:
        return str(one["name"])
    show = shown.moment if column["kind"] == "time" else shown.figure
    if one["high"] is not None:
        return show(one["high"])
    return "any number" if one["above"] is None else f"> {show(one['above'])}"


def _shares(counts: list[int]) -> list[float]:
    return [count / max(sum(counts), 1) for count in counts]


def _exempt(column: Document) -> str:
    return "" if column["exempt"] is None else f"not judged: {column['exempt']}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else shown.share(value)
