"""A report in a few plain sentences and numbers: of what, how good, how sure."""

from __future__ import annotations

from typing import Any

from pipelines.page.parts import Tile
from pipelines.page.shown import count, share
from pipelines.report.words import between, measure, name_of, within

Document = dict[str, Any]

_MODELS = ("ctr", "ranker")
_TILES = 4
_MEANING = {
    "AUC": ("Tells positives apart", "0.5 is chance, 1 is perfect"),
    "PCOC": ("Predicted / observed", "1 is right on average"),
    "NE": ("Loss / that of the average", "below 1 is better than it"),
    "nDCG": ("Order within a query", "1 is perfect"),
}


def lead(document: Document) -> str:
    """What was measured, on which rows."""
    rows = f"{count(document['rows'])} rows"
    if document["queries"] is not None:
        rows += f" in {count(document['queries'])} queries"
    part = f" of the part '{document['part']}'" if document["part"] else ""
    rate, above = document["rate"], "= 1"
    if not document["binary"]:
        rate, above = document["positives"] / document["rows"], "above 0"
    return f"Measured on {rows}{part}; {share(rate)} of them have {document['label']} {above}."


def verdicts(document: Document) -> list[str]:
    """How good, in words; of each scorer what fits it."""
    found = []
    for scorer, metrics in _of_models(document):
        who = f"The {name_of(scorer)}" if "ranker" in document["metrics"] else "The model"
        said = [told for told in (_auc(metrics), _ne(metrics), _pcoc(metrics)) if told]
        if not said or scorer == "ranker":
            said += _order(metrics)
        found += [f"{who} {one}" for one in said]
    return found


def tiles(document: Document) -> list[Tile]:
    """The few numbers that matter, each with its interval."""
    found = []
    for scorer, metrics in _of_models(document):
        for symbol, (title, worth) in _MEANING.items():
            name = next((key for key in metrics if _symbol(key) == symbol), None)
            by_ranker = scorer == "ctr" and symbol == "nDCG" and "ranker" in document["metrics"]
            if name is None or by_ranker:
                continue
            who = f"{name}, ranker" if scorer == "ranker" else name
            interval = between(metrics[name])
            below = ([f"{interval} (95%)"] if interval else []) + [f"{who}: {worth}"]
            found.append(Tile(title, measure(metrics[name]["value"]), below))
    return found[:_TILES]


def _of_models(document: Document) -> list[tuple[str, Document]]:
    return [(who, metrics) for who, metrics in document["metrics"].items() if who in _MODELS]


def _symbol(name: str) -> str:
    return name.split("(")[0].split("@")[0]


def _auc(metrics: Document) -> str | None:
    one = metrics.get("AUC")
    if one is None:
        return None
    return (
        f"puts a positive row above another {share(one['value'])} of the time"
        f"{within(one, share)}; by chance it would be half of the time."
    )


def _ne(metrics: Document) -> str | None:
    one = metrics.get("NE")
    if one is None:
        return None
    gain = 1 - one["value"]
    word = "lower" if gain >= 0 else "higher"
    return f"has a log loss {share(abs(gain))} {word} than that of always predicting the average."


def _pcoc(metrics: Document) -> str | None:
    one = metrics.get("PCOC")
    if one is None:
        return None
    told = within(one, "{:.3f}".format)
    return f"predicts {one['value']:.3f} for each positive that came{told}."


def _order(metrics: Document) -> list[str]:
    name = next((key for key in metrics if _symbol(key) == "nDCG"), None)
    if name is None:
        return []
    one = metrics[name]
    return [f"orders the rows of a query with {name} {measure(one['value'])}{within(one)}."]
