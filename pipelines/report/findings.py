"""What to look at in a report, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pipelines.page.shown import count, share
from pipelines.report.words import measure, name_of, within

Document = dict[str, Any]

_FEW = 100  # positive rows, or others, that every figure rests on
_TIED = 0.2  # of the rows, that share their score with another
_BEYOND = 0.1  # of the bins; one in twenty is beyond its interval by chance
_NAMED = 3  # slices


class Finding(NamedTuple):
    """A sentence, and the key of the section that shows it."""

    section: str
    text: str


def findings(document: Document) -> list[Finding]:
    """In the order in which they matter."""
    return [
        *_quality(document["metrics"]),
        *_calibration(document),
        *_slices(document["slices"].get("slices", [])),
        *_rows(document),
        *_learning(document["learning"].get("curves", [])),
    ]


def _quality(metrics: Document) -> Iterator[Finding]:
    for scorer, found in metrics.items():
        auc, ne = found.get("AUC"), found.get("NE")
        if auc and auc["low"] is not None and auc["low"] <= 0.5:
            name = name_of(scorer)
            text = f"Not shown to be better than chance: {name}, AUC {measure(auc['value'])}"
            yield Finding("curves", f"{text}{within(auc)}.")
        if ne and scorer == "ctr" and max(ne["value"], ne["high"] or 0) >= 1:
            text = "Not shown to be better than always predicting the average rate: normalised"
            yield Finding("metrics", f"{text} entropy {measure(ne['value'])}{within(ne)}.")
    yield from _ranker(metrics.get("ranker", {}), metrics.get("ctr", {}))


def _ranker(metrics: Document, others: Document) -> Iterator[Finding]:
    name = next((key for key in metrics if key.startswith("nDCG@") and key in others), None)
    if name is not None and others[name]["value"] > metrics[name]["value"]:
        text = (
            f"The click model alone orders these rows better than the ranker ({name} "
            f"{measure(others[name]['value'])} against {measure(metrics[name]['value'])}); it may "
            "be chance."
        )
        yield Finding("metrics", text)


def _calibration(document: Document) -> Iterator[Finding]:
    pcoc = document["metrics"].get("ctr", {}).get("PCOC")
    if pcoc and pcoc["low"] is not None and not pcoc["low"] <= 1 <= pcoc["high"]:
        word = "high" if pcoc["value"] > 1 else "low"
        text = f"Predictions are {share(abs(pcoc['value'] - 1))} too {word} on average: predicted"
        told = within(pcoc, "{:.3f}".format)
        yield Finding("calibration", f"{text} / observed is {pcoc['value']:.3f}{told}.")
    bins = document["reliability"].get("bins", [])
    off = [one for one in bins if not one["low"] <= one["predicted"] <= one["high"]]
    if len(off) > max(1, _BEYOND * len(bins)):
        worst = max(off, key=lambda one: abs(one["predicted"] - one["observed"]))
        text = (
            f"In {len(off)} of {len(bins)} bins the observed rate is not what was predicted; "
            f"the farthest: predicted {share(worst['predicted'])}, "
            f"observed {share(worst['observed'])}."
        )
        yield Finding("calibration", text)


def _slices(slices: list[Document]) -> Iterator[Finding]:
    off = [f"{one['column']} {one['value']}" for one in slices if one["stands_out"]]
    if off:
        more = f" and {len(off) - _NAMED} more" if len(off) > _NAMED else ""
        verb = "is" if len(off) == 1 else "are"
        text = (
            f"{len(off)} of {len(slices)} slices {verb} off by more than looking at so many "
            f"explains: {'; '.join(off[:_NAMED])}{more}."
        )
        yield Finding("slices", text)


def _rows(document: Document) -> Iterator[Finding]:
    label, positives = document["label"], document["positives"]
    few = min(positives, document["rows"] - positives)
    if few < _FEW:
        kind = "above 0" if positives == few else "0"
        text = f"Only {count(few)} rows have {label} {kind}: every figure is rough."
        yield Finding("metrics", text)
    if document["tied"] > _TIED:
        whose = "" if document["queries"] is None else " of their query"
        text = f"{share(document['tied'])} of the rows share their score with another{whose}"
        yield Finding("calibration", f"{text}: their order is chance.")
    if document["skipped"]:
        text = (
            f"{count(document['skipped'])} of {count(document['queries'])} queries have no row "
            f"with {label} above 0; measures of order leave them out."
        )
        yield Finding("metrics", text)


def _learning(curves: list[Document]) -> Iterator[Finding]:
    for one in curves:
        if one["best"] == one["steps"][-1]:
            step = f"{one['step']} ({one['best']})"
            text = f"was still getting better at the last {step}: a longer training may help."
            yield Finding("learning", f"{one['metric'][0].upper()}{one['metric'][1:]} {text}")
