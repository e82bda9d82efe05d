"""The page of `crossrank inspect`: a document of numbers, to be read."""

from __future__ import annotations

from pipelines.inspect import plots
from pipelines.inspect.bars import Bars
from pipelines.inspect.document import Document
from pipelines.inspect.summary import HEADS, Show, distinct, show_of, summary_rows
from pipelines.page import html, shown
from pipelines.page.html import Html, classed, link, tag


def render(document: Document) -> Html:
    """The whole page."""
    label = document["label"]
    facts = f"{shown.count(document['rows'])} rows, {len(document['columns'])} columns. "
    if label["column"] is None:
        facts += f"No label: {label['why']}"
    else:
        rate = f"{shown.share(label['rate'])} are 1" if "rate" in label else "no row has it"
        facts += f"Label: {label['column']} ({rate}), because {label['why']}."
        if label.get("labelled", 0) < label["rows"]:
            facts += f" {shown.count(label['rows'] - label.get('labelled', 0))} rows have none."
    return html.page(
        f"inspect {document['data']}",
        tag("h1", document["data"]),
        classed("p", "soft", facts),
        _summary(document),
        *(_section(i, one, label.get("rate")) for i, one in enumerate(document["columns"])),
    )


def _summary(document: Document) -> Html:
    rows = [
        [link(f"#column-{i}", name), *cells, classed("span", "note", notes)]
        for i, (name, *cells, notes) in enumerate(summary_rows(document))
    ]
    return html.table(HEADS, rows, numeric=(2, 3))


def _section(number: int, column: Document, overall: float | None) -> Html:
    key = f"column-{number}"
    parts = (
        _numbers(f"{key}-numbers", column),
        _lengths(column),
        _top(f"{key}-coverage", column),
        _rates(f"{key}-rates", column, overall),
    )
    return tag(
        "section",
        tag("h2", shown.name_of(column["column"])),
        classed("p", "soft", _facts(column)),
        *(classed("p", "note", note) for note in column["notes"]),
        classed("div", "parts", *(tag("div", *part) for part in parts if part)),
        attributes={"id": key},
    )


def _facts(column: Document) -> str:
    facts = [column["dtype"], *([column["role"]] if column["role"] else [])]
    facts.append(
        f"{shown.count(column['missing'])} missing ({shown.share(column['missing_share'])})"
    )
    for key, name in (
        ("nulls", "null"),
        ("nan", "NaN"),
        ("empty", "empty text"),
        ("infinite", "infinite"),
    ):
        if column.get(key):
            facts.append(f"{shown.count(column[key])} {name}")
    if "distinct" in column:
        error = column["distinct_error"]
        known = f" (estimated, standard error {error:.1%})" if error else ""
        things = "elements" if column["kind"] == "list" else "values"
        facts.append(f"{distinct(column)} distinct {things}{known}")
    return " · ".join(facts)


def _numbers(key: str, column: Document) -> list[Html]:
    if not column.get("values") or "numbers" not in column or column["kind"] == "id":
        return []
    numbers, show = column["numbers"], show_of(column)
    found = []
    if "bars" in numbers:
        found.append(plots.distribution(key, Bars(**numbers["bars"]), show))
    moments = {"mean": show(numbers["mean"]), "std": shown.figure(numbers["std"])}
    if column["kind"] == "time":
        moments["std"] += " s"
    return [*found, _quantiles(numbers, show, moments)]


def _lengths(column: Document) -> list[Html]:
    if "lengths" not in column:
        return []
    return [_quantiles(column["lengths"], shown.figure, {}, "length")]


def _quantiles(
    found: Document, show: Show, before: dict[str, str], title: str = "quantile"
) -> Html:
    rows = [[name, text] for name, text in before.items()]
    rows += [[name, show(one)] for name, one in found["quantiles"].items()]
    return html.table([title, "value"], rows, numeric=(1,))


def _top(key: str, column: Document) -> list[Html]:
    if not column.get("values"):
        return []
    found = []
    if column["kind"] in ("id", "list") and len(column["coverage"]) > 1:
        found.append(plots.coverage(key, column["coverage"]))
    rows = [
        [
            str(i),
            shown.value(one["value"], one["length"], 240),
            _between(one["count"], one["at_most"]),
            shown.share(one["share"]),
        ]
        for i, one in enumerate(column["top"], 1)
    ]
    if rows:
        found.append(html.table(["", "most frequent", "count", "share"], rows, numeric=(2, 3)))
    if column["top_error"]:
        text = f"Any other value occurs at most {shown.count(column['top_error'])} times."
        found.append(classed("p", "soft", text))
    return found


def _between(least: int, most: int) -> str:
    return shown.count(least) if least == most else f"{shown.count(least)} to {shown.count(most)}"


def _rates(key: str, column: Document, overall: float | None) -> list[Html]:
    rated = [one for one in column.get("rates", ()) if "rate" in one]
    if overall is None or not rated:
        return []
    show = shown.figure if column["kind"] == "list" else show_of(column)
    names = [_short(i, one, show) for i, one in enumerate(rated, 1)]
    points = [(one["rate"], *one["interval"]) for one in rated]
    rows = [
        [
            _bucket(one, show),
            shown.count(one["labelled"]),
            shown.share(one["rate"]),
            " to ".join(shown.share(end) for end in one["interval"]),
        ]
        for one in rated
    ]
    heads = [
        "length" if column["kind"] == "list" else "bucket",
        "rows",
        "label rate",
        "95% interval",
    ]
    picture = plots.label_rates(key, names, points, overall)
    return [picture, html.table(heads, rows, numeric=(1, 2, 3))]


def _bucket(one: Document, show: Show) -> str:
    """A bucket in full."""
    if one["value"] is not None:
        return shown.value(one["value"])
    if one["name"] is not None:
        return str(one["name"])
    low, high = show(one["low"]), show(one["high"])
    return low if low == high else f"{low} to {high}"


def _short(number: int, one: Document, show: Show) -> str:
    """A bucket under a picture, in letters that any font has."""
    if one["value"] is not None:
        return str(number)
    return str(one["name"]) if one["name"] is not None else show(one["high"])
