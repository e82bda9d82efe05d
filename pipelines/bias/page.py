"""The page of `crossrank bias`."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.page import html, picture, shown
from pipelines.page.html import Html, classed, tag
from pipelines.page.picture import MAIN, OTHER

Document = dict[str, Any]

_MARKS = "osv^Dx*"


def heads(document: Document) -> list[str]:
    """Of a table by position."""
    return ["position", "rows", "clicks", "click rate", *_names(document)]


def rows(document: Document) -> list[list[str]]:
    """By position: what was logged, and each estimate with its interval."""
    found = []
    for i, one in enumerate(document["positions"]):
        cells = [str(one["position"]), shown.count(one["rows"]), shown.count(one["clicks"])]
        cells.append(shown.share(one["rate"]))
        cells += [_estimate(estimate, i) for estimate in document["estimates"]]
        found.append(cells)
    return found


def findings(document: Document) -> list[str]:
    """What is wrong with the log, and which estimators said nothing, a line each."""
    found = [f"{one['level']}: {one['text']}" for one in document["check"]["findings"]]
    return found + [f"not {name}: {why}" for name, why in document["refused"].items()]


def render(document: Document) -> Html:
    """The whole page."""
    check = document["check"]
    facts = (
        f"{shown.count(check['rows'])} rows, {shown.count(check['queries'])} queries, "
        f"{shown.count(check['clicks'])} clicks, {check['positions']} positions."
    )
    return html.page(
        f"bias {document['data']}",
        tag("h1", f"{document['data']}: position bias"),
        classed("p", "soft", facts),
        *(tag("p", one) for one in findings(document)),
        _curves(document),
        html.table(heads(document), rows(document), numeric=range(1, 99)),
        *(
            tag("p", tag("b", one["estimator"]), f" assumes: {one['assumes']}")
            for one in document["estimates"]
        ),
    )


def _names(document: Document) -> list[str]:
    return [one["estimator"] for one in document["estimates"]]


def _estimate(estimate: Document, place: int) -> str:
    if place >= len(estimate["examination"]):
        return ""
    value, low, high = (estimate[name][place] for name in ("examination", "low", "high"))
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _curves(document: Document) -> Html:
    rates = document["positions"]
    top = rates[0]["rate"] if rates else 0
    with picture.axes("curves", "relative to the top, with 95% intervals") as (axes, done):
        if top:
            places = [one["position"] for one in rates]
            relative = [one["rate"] / top for one in rates]
            axes.plot(places, relative, color=OTHER, linestyle="--", label="click rate")
        for i, one in enumerate(document["estimates"]):
            middle, low, high = (np.array(one[name]) for name in ("examination", "low", "high"))
            reach = np.maximum([middle - low, high - middle], 0)
            axes.errorbar(
                np.arange(len(middle)) + 0.1 * i, middle, reach,
                color=MAIN, fmt=f"{_MARKS[i % len(_MARKS)]}-", markersize=4,
                linewidth=1, alpha=1 - 0.15 * i, label=one["estimator"],
            )  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.set_xlabel("position, from 0 at the top")
        axes.legend(frameon=False)
    return done[0]
