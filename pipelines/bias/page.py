"""The page of `crossrank bias`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipelines.page import html, picture, shown
from pipelines.page.html import Html, classed, tag
from pipelines.page.picture import MAIN, OTHER

Document = dict[str, Any]

_LOGGED = ("position", "rows", "clicks", "click rate")
_FEW = 6
FORETOLD = ("model", "log-likelihood", "perplexity", "given clicks above")


def heads(document: Document) -> list[str]:
    """Of a table by position."""
    return [*_LOGGED, *(one["name"] for one in document["estimates"])]


def rows(document: Document) -> list[list[str]]:
    """By position: what was logged, and each estimate with its interval."""
    return _rows(document, document["estimates"])


def used_rows(document: Document) -> list[list[str]]:
    """By position: what was logged, and the estimate to use."""
    return _rows(
        document, [one for one in document["estimates"] if one["name"] == document["used"]]
    )


def used_heads(document: Document) -> list[str]:
    return [*_LOGGED, *([f"examination ({document['used']})"] if document["used"] else [])]


def some_positions(document: Document) -> list[int]:
    """A few below the top, closer where examination falls fast."""
    deepest = max((len(one["examination"]) for one in document["estimates"]), default=1) - 1
    few = np.geomspace(1, max(1, deepest), _FEW).round().astype(int)
    return [int(one) for one in np.unique(few)]


def by_estimator(document: Document) -> list[list[str]]:
    """What each estimator says of `some_positions`."""
    places = some_positions(document)
    return [
        [one["name"], *(_estimate(one, place, intervals=False) for place in places)]
        for one in document["estimates"]
    ]


def foretold(document: Document) -> list[list[str]]:
    """Of each click model: how well it foretold what it was not fitted to."""
    return [
        [
            one["model"],
            *(f"{one[name]:.4f}" for name in ("log_likelihood", "perplexity", "following")),
        ]
        for one in document["foretold"]
    ]


def findings(document: Document) -> list[str]:
    """What is wrong with the log, and which estimators said nothing, a line each."""
    found = [f"{one['level']}: {one['text']}" for one in document["check"]["findings"]]
    by_reason: dict[str, list[str]] = {}
    for name, why in document["refused"].items():
        by_reason.setdefault(why, []).append(name)
    return found + [f"not {', '.join(names)}: {why}" for why, names in by_reason.items()]


def answer(document: Document) -> str:
    """Whose estimate is used, and what it says of the last position, in a sentence."""
    used = next((one for one in document["estimates"] if one["name"] == document["used"]), None)
    if used is None:
        return "There is no estimate to use."
    last = len(used["examination"]) - 1
    text = _estimate(used, last, intervals=True)
    return (
        f"Used is '{used['name']}': position {last} is examined {text} times as often as the top."
    )


def render(document: Document) -> Html:
    """The whole page."""
    check = document["check"]
    facts = (
        f"{shown.count(check['rows'])} rows, {shown.count(check['queries'])} queries, "
        f"{shown.count(check['clicks'])} clicks, {check['positions']} positions."
    )
    pictures = [_curve(document, one) for one in document["estimates"]]
    return html.page(
        f"bias {document['data']}",
        tag("h1", f"{document['data']}: position bias"),
        classed("p", "soft", facts),
        tag("p", tag("b", answer(document))),
        *(tag("p", one) for one in findings(document)),
        tag(
            "section",
            tag("h2", "Examination, relative to the top"),
            classed("div", "parts", *pictures),
        ),
        tag(
            "section",
            tag("h2", "By position, with 95% intervals"),
            html.table(heads(document), rows(document), numeric=range(1, 99)),
        ),
        *_of_models(document),
    )


def _rows(document: Document, estimates: list[Document]) -> list[list[str]]:
    found = []
    for i, one in enumerate(document["positions"]):
        cells = [str(one["position"]), shown.count(one["rows"]), shown.count(one["clicks"])]
        cells.append(shown.share(one["rate"]))
        found.append(cells + [_estimate(each, i, intervals=True) for each in estimates])
    return found


def _estimate(estimate: Document, place: int, intervals: bool) -> str:
    if place >= len(estimate["examination"]):
        return ""
    value, low, high = (estimate[name][place] for name in ("examination", "low", "high"))
    known = intervals and not low == value == high
    return f"{value:.3f} ({low:.3f} to {high:.3f})" if known else f"{value:.3f}"


def _curve(document: Document, estimate: Mapping[str, Any]) -> Html:
    """One estimate over the click rate, and what it assumes."""
    rates, name = document["positions"], estimate["name"]
    used = " (used)" if name == document["used"] else ""
    with picture.axes(name, name + used) as (axes, done):
        if rates and (top := rates[0]["rate"]):
            places = [one["position"] for one in rates]
            relative = [one["rate"] / top for one in rates]
            axes.plot(places, relative, color=OTHER, linestyle="--", label="click rate")
        middle, low, high = (np.array(estimate[one]) for one in ("examination", "low", "high"))
        reach = np.maximum([middle - low, high - middle], 0)
        axes.errorbar(
            np.arange(len(middle)), middle, reach,
            color=MAIN, fmt="o-", markersize=4, linewidth=1, label="examination",
        )  # fmt: skip
        axes.set_ylim(0, max(1.05, float(middle.max()) * 1.1))
        axes.set_xlabel("position, from 0 at the top")
        axes.legend(frameon=False)
    return tag("div", done[0], classed("p", "soft", estimate["assumes"]))


def _of_models(document: Document) -> list[Html]:
    if not document["foretold"]:
        return []
    deepest = max(len(one["by_position"]) for one in document["foretold"])
    lines = [
        line + ["" if value is None else f"{value:.3f}" for value in one["by_position"]]
        for line, one in zip(foretold(document), document["foretold"], strict=True)
    ]
    return [
        tag(
            "section",
            tag("h2", "How well click models foretell clicks that they were not fitted to"),
            tag(
                "p",
                "Of a fifth of the queries, drawn at random. Perplexity is 1 for who knows and 2 "
                "for a coin; the log-likelihood is of a list, in nats. A model that does no better "
                "than the click rate by position knows nothing of the items. The last columns are "
                "the perplexity at each position.",
            ),
            html.table([*FORETOLD, *map(str, range(deepest))], lines, numeric=range(1, 999)),
        )
    ]
