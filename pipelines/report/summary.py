"""A report in a few plain sentences: how good, how sure, and what to look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipelines.page.parts import Tile
from pipelines.page.shown import count, figure, share

Document = dict[str, Any]

_FEW = 100  # positive rows that every figure rests on
_TIED = 0.2  # of the rows, that share their score with another
_NAMES = {"ctr": "click model", "ranker": "ranker", "uncalibrated": "click model, uncalibrated", "truth": "the truth"}
_MODELS = ("ctr", "ranker")
_TILES = 4


def name_of(scorer: str) -> str:
    return _NAMES.get(scorer, scorer)


def lead(document: Document) -> str:
    """What was measured, on which rows."""
    rows = f"{count(document['rows'])} rows"
    if document["queries"] is not None:
        rows += f" in {count(document['queries'])} queries"
    part = f" of the part '{document['part']}'" if document["part"] else ""
    label = document["label"]
    if document["binary"]:
        have = f"{share(document['rate'])} of them have {label} = 1"
    else:
        have = f"{share(document['positives'] / document['rows'])} of them have {label} above 0"
    return f"Measured on {rows}{part}; {have}."


def verdicts(document: Document) -> list[str]:
    """How good, in words; of each scorer what fits it."""
    found = []
    for scorer, metrics in document["metrics"].items():
        if scorer not in _MODELS:
            continue
        who = f"The {name_of(scorer)}" if "ranker" in document["metrics"] else "The model"
        said = [told for told in (_auc(metrics), _ne(metrics), _pcoc(metrics)) if told]
        if not said or scorer == "ranker":
            said += [told for told in (_ndcg(metrics),) if told]
        found += [f"{who} {one}" for one in said]
    return found


def tiles(document: Document) -> list[Tile]:
    """The few numbers that matter, each with its interval."""
    found = []
    for scorer, metrics in document["metrics"].items():
        if scorer not in _MODELS:
            continue
        for name, (title, worth) in _MEANING.items():
            held = [key for key in metrics if key.split("(")[0].split("@")[0] == name]
            if not held or (name == "nDCG" and scorer == "ctr" and "ranker" in document["metrics"]):
                continue
            one = metrics[held[0]]
            who = f"{held[0]}, ranker" if scorer == "ranker" else held[0]
            interval = between(one)
            below = ([f"{interval} (95%)"] if interval else []) + [f"{who}: {worth}"]
            found.append(Tile(title, figure3(one["value"]), below))
    return found[:_TILES]


_MEANING = {
    "AUC": ("Tells positives apart", "0.5 is chance, 1 is perfect"),
    "PCOC": ("Predicted / observed", "1 is right on average"),
    "NE": ("Loss / that of the average", "below 1 is better than it"),
    "nDCG": ("Order within a query", "1 is perfect"),
}


def findings(document: Document) -> list[tuple[str, str]]:
    """(section, what to look at there), the gravest first."""
    return [
        *_of_quality(document),
        *_of_calibration(document),
        *_of_slices(document),
        *_of_rows(document),
        *_of_learning(document),
    ]


def figure3(value: float | None) -> str:
    """A measure: four digits, as many as anybody reads."""
    return "-" if value is None else f"{value:.4g}" if abs(value) >= 10 else f"{value:.4f}"


def between(one: Document) -> str:
    if one.get("low") is None:
        return ""
    return f"{figure3(one['low'])} to {figure3(one['high'])}"


def _auc(metrics: Document) -> str | None:
    one = metrics.get("AUC")
    if one is None:
        return None
    return (
        f"puts a positive row above another {share(one['value'])} of the time"
        f"{_within(one, share)}; by chance it would be half of the time."
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
    return f"predicts {one['value']:.3f} for each positive that came{_within(one, '{:.3f}'.format)}."


def _ndcg(metrics: Document) -> str | None:
    for name, one in metrics.items():
        if name.startswith("nDCG"):
            return f"orders the rows of a query with {name} {figure3(one['value'])}{_within(one, figure3)}."
    return None


def _within(one: Document, show: Any) -> str:
    if one.get("low") is None:
        return ""
    return f" (95% interval {show(one['low'])} to {show(one['high'])})"


def _of_rows(document: Document) -> Iterator[tuple[str, str]]:
    few = min(document["positives"], document["rows"] - document["positives"])
    if few < _FEW:
        kind = "above 0" if document["positives"] == few else "0"
        yield "metrics", (
            f"Only {count(few)} rows have {document['label']} {kind}: every figure is rough."
        )
    if document["tied"] > _TIED:
        yield "calibration", (
            f"{share(document['tied'])} of the rows share their score with another"
            f"{'' if document['queries'] is None else ' of their query'}: their order is chance."
        )
    if document["skipped"]:
        yield "metrics", (
            f"{count(document['skipped'])} of {count(document['queries'])} queries have no row "
            f"with {document['label']} above 0; measures of order leave them out."
        )


def _of_quality(document: Document) -> Iterator[tuple[str, str]]:
    metrics = document["metrics"]
    for scorer, found in metrics.items():
        auc, ne = found.get("AUC"), found.get("NE")
        if auc and auc["low"] is not None and auc["low"] <= 0.5:
            yield "curves", f"{name_of(scorer).capitalize()}: not shown to be better than chance."
        if ne and scorer != "uncalibrated" and (ne["value"] >= 1 or (ne["high"] or 0) >= 1):
            yield "metrics", (
                "Not shown to be better than always predicting the average rate: normalised "
                f"entropy {figure3(ne['value'])}{_within(ne, figure3)}."
            )
    for name, one in metrics.get("ranker", {}).items():
        other = metrics.get("ctr", {}).get(name)
        if name.startswith("nDCG@") and other and other["value"] > one["value"]:
            yield "metrics", (
                f"The click model alone orders these rows better than the ranker ({name} "
                f"{figure3(other['value'])} against {figure3(one['value'])}); crossrank compare "
                "tells whether by more than chance."
            )


def _of_calibration(document: Document) -> Iterator[tuple[str, str]]:
    pcoc = document["metrics"].get("ctr", {}).get("PCOC")
    if pcoc and pcoc["low"] is not None and not pcoc["low"] <= 1 <= pcoc["high"]:
        word = "high" if pcoc["value"] > 1 else "low"
        yield "calibration", (
            f"Predictions are {share(abs(pcoc['value'] - 1))} too {word} on average: predicted "
            f"/ observed is {pcoc['value']:.3f}{_within(pcoc, '{:.3f}'.format)}."
        )
    bins = document["reliability"].get("bins", [])
    off = [one for one in bins if not one["low"] <= one["predicted"] <= one["high"]]
    if len(off) > max(1, len(bins) // 10):  # one in twenty is beyond its interval by chance
        worst = max(off, key=lambda one: abs(one["predicted"] - one["observed"]))
        yield "calibration", (
            f"In {len(off)} of {len(bins)} bins the observed rate is not what was predicted; the "
            f"farthest: predicted {share(worst['predicted'])}, observed {share(worst['observed'])}."
        )


def _of_slices(document: Document) -> Iterator[tuple[str, str]]:
    slices = document["slices"].get("slices", [])
    off = [one for one in slices if one["stands_out"]]
    if off:
        named = "; ".join(f"{one['column']} {one['value']}" for one in off[:3])
        more = f" and {len(off) - 3} more" if len(off) > 3 else ""
        yield "slices", (
            f"{len(off)} of {len(slices)} slices are off by more than looking at "
            f"so many explains: {named}{more}."
        )


def _of_learning(document: Document) -> Iterator[tuple[str, str]]:
    for curve in document["learning"].get("curves", []):
        if len(curve["steps"]) > 1 and curve["best"] == curve["steps"][-1]:
            yield "learning", (
                f"{curve['metric']} was still getting better at the last {curve['step']} "
                f"({curve['best']}): a longer training may help."
            )
