"""The sections of a report's page, each from its part of the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipelines.page import html, shown
from pipelines.page.html import Html, classed, tag
from pipelines.page.mark import Scale, mark
from pipelines.page.parts import Section, figure, folded
from pipelines.page.shown import count, share
from pipelines.report import plots
from pipelines.report.card_section import card
from pipelines.report.words import between, measure, name_of

Document = dict[str, Any]

_SHOWN = 40  # slices on the page


def sections(document: Document) -> list[Section]:
    """In the order in which they are read."""
    made = (
        ("metrics", "Metrics", _metrics),
        ("calibration", "Calibration", _calibration),
        ("curves", "Telling positives apart", _curves),
        ("slices", "Slices", _slices),
        ("positions", "Positions", _positions),
        ("importance", "Feature importance", _importance),
        ("learning", "Learning curves", _learning),
        ("card", "Model card", card),
    )
    return [Section(key, title, list(body(document))) for key, title, body in made]


def _metrics(document: Document) -> Iterator[str]:
    found = document["metrics"]
    names = dict.fromkeys(name for metrics in found.values() for name in metrics)
    rows = [[name, *(_measured(metrics.get(name)) for metrics in found.values())] for name in names]
    yield html.table(["metric", *map(name_of, found)], rows, numeric=range(1, 1 + len(found)))
    every = [one for metrics in found.values() for one in metrics.values()]
    drawn = next((one for one in every if one["low"] is not None), None)
    if drawn is not None:
        units = count(drawn["units"])
        what = f"{units} rows" if drawn["unit"] == "row" else f"{units} groups ({drawn['unit']})"
        yield _soft(
            f"Beside each value its 95% interval, by resampling {what}: 95 of 100 such intervals "
            "hold the value that many more rows would have."
        )
    if "truth" in found:
        yield _soft(
            "The truth is what the simulator drew the clicks from. It knows each row's position, "
            "which a model does not: a bound, not a goal."
        )
    if document["weighted"]:
        yield _soft("Rows count by their weights.")


def _measured(one: Document | None) -> str:
    if one is None:
        return ""
    return tag("span", measure(one["value"]), " ", classed("span", "soft", between(one)))


def _calibration(document: Document) -> Iterator[str]:
    found = document["reliability"]
    if "gap" in found:
        yield _gap(found)
        yield from _spread(document["spread"])
        return
    yield _soft("Does a predicted 5% happen 5% of the time?")
    drawn = figure(
        plots.reliability(found["bins"], found["before"]),
        f"{len(found['bins'])} bins of as many rows each. On the dotted line, what was predicted "
        "happens; below it, predictions are too high.",
    )
    yield classed("div", "parts", drawn, *_spread(document["spread"]))
    rows = [
        [count(one["rows"]), share(one["predicted"]), share(one["observed"]), _ends(one)]
        for one in found["bins"]
    ]
    heads = ("rows", "predicted", "observed", "95% interval")
    yield folded("The bins as a table", html.table(heads, rows, numeric=range(4)))


def _curves(document: Document) -> Iterator[str]:
    found = document["curves"]
    if "gap" in found:
        yield _gap(found)
        return
    first = next(iter(document["metrics"].values()))
    area = first["AUC"]["value"] if "AUC" in first else found["area"]
    lift = [one | {"low": one["lift_low"], "high": one["lift_high"]} for one in found["lift"]]
    top = found["lift"][0]
    yield classed(
        "div",
        "parts",
        figure(plots.roc(found["roc"], area), "The dotted line is chance."),
        figure(
            plots.precision(found["precision"], found["average_precision"], found["rate"]),
            f"The dotted line is the rate of all rows, {share(found['rate'])}.",
        ),
        figure(plots.gain(found["gain"]), "The dotted line is an order by chance."),
        figure(
            plots.lift(lift),
            f"The tenth of the rows with the highest scores has {top['lift']:.2f} times as many "
            "positive rows as the average.",
        ),
    )


def _spread(found: Document) -> Iterator[str]:
    if found["labels"]:
        yield figure(
            plots.spread(found, probabilities=found["probabilities"]),
            "The farther apart the shapes, the better the labels are told apart. Outliers are "
            "counted in the outermost bars.",
        )


def _slices(document: Document) -> Iterator[str]:
    found = document["slices"]
    if "gap" in found:
        yield _gap(found)
        return
    slices = found["slices"][:_SHOWN]
    yield _soft(
        f"{found['note']}; the worst stand first, with 95% intervals. In red, what "
        "is off by more than looking at so many slices explains. The line across is the ideal "
        f"(observed as predicted) or all rows (AUC {measure(found['auc'])})."
    )
    probabilities = document["spread"]["probabilities"]
    heads = ["column", "slice", "rows"]
    heads += ["predicted", "observed", "observed / predicted"] if probabilities else ["rate"]
    heads += ["AUC", ""]
    ratios, areas = _scale_of_ratios(slices), _scale_of_areas(slices, found["auc"])
    rows = [_slice(one, ratios, areas, probabilities=probabilities) for one in slices]
    yield html.table(heads, rows, numeric=range(2, len(heads)))
    if len(slices) < len(found["slices"]):
        yield _soft("The others are in the numbers beside this page.")


def _slice(one: Document, ratios: Scale, areas: Scale | None, *, probabilities: bool) -> list[str]:
    told, area = one["rate"], one["auc"]
    name: str = classed("span", "note", one["value"]) if one["stands_out"] else one["value"]
    cells = [one["column"], name, count(one["rows"])]
    if told is None:
        cells += ["-"] * (3 if probabilities else 1)
    elif probabilities:
        expected = max(told["predicted"], 1e-12)
        ends = [told[key] / expected for key in ("observed", "low", "high")]
        cells += [share(told["predicted"]), share(told["observed"])]
        cells.append(mark(ratios, *ends, stands_out=told["off"]))
    else:
        cells.append(share(told["observed"]))
    if area is None or areas is None:
        return [*cells, "-", ""]
    ends = [area[key] for key in ("value", "low", "high")]
    return [*cells, measure(area["value"]), mark(areas, *ends, stands_out=area["off"])]


def _scale_of_ratios(slices: list[Document]) -> Scale:
    far = [
        abs(one["rate"]["observed"] / max(one["rate"]["predicted"], 1e-12) - 1)
        for one in slices
        if one["rate"] is not None
    ]
    reach = min(max([*far, 0.1]) * 1.2, 1.0)
    return Scale(1 - reach, 1 + reach, 1.0)


def _scale_of_areas(slices: list[Document], whole: float) -> Scale | None:
    areas = [one["auc"] for one in slices if one["auc"] is not None]
    if not areas:
        return None
    low, high = min(one["low"] for one in areas), max(one["high"] for one in areas)
    return Scale(min(low, whole) - 0.01, max(high, whole) + 0.01, whole)


def _positions(document: Document) -> Iterator[str]:
    found = document["positions"]
    if "gap" in found:
        yield _gap(found)
        return
    made = [
        figure(
            plots.clicks(found),
            "Rows at the top are seen more, and are also better: this curve holds both.",
        )
    ]
    if found["learned"]:
        made.append(
            figure(
                plots.learned(found),
                "What the ranker puts down to the position alone, and not to the rows.",
            )
        )
    yield classed("div", "parts", *made)
    if found["deeper"]:
        yield _soft(f"{count(found['deeper'])} rows lie deeper.")


def _importance(document: Document) -> Iterator[str]:
    found = document["importance"]
    if "gap" in found:
        yield _gap(found)
        return
    yield _soft(
        "What a metric loses when the values of one feature change hands between the rows, or, by "
        "ablation, when the model is trained again without it."
    )
    yield classed("div", "parts", *(tag("div", *_table(one)) for one in found["tables"]))


def _table(found: Document) -> Iterator[Html]:
    of = f"{found['of']} of the {name_of(found['scorer'])}"
    by = "ablation" if found["ablation"] else "shuffling"
    yield tag("h3", f"{of}, {measure(found['metric'])}: by {by}")
    yield _importances(found["features"])


def _importances(features: list[Document]) -> Html:
    low = min(0.0, *(one["low"] for one in features))
    high = max(1e-12, *(one["high"] for one in features))
    scale = Scale(low, high, 0.0)
    rows = [
        [
            shown.name_of(one["feature"]),
            f"{one['value']:+.4f}",
            f"{one['low']:+.4f} to {one['high']:+.4f}",
            mark(scale, one["value"], one["low"], one["high"]),
        ]
        for one in features
    ]
    return html.table(("feature", "loss", "95% interval", ""), rows, numeric=(1, 2))


def _learning(document: Document) -> Iterator[str]:
    found = document["learning"]
    if "gap" in found:
        yield _gap(found)
        return
    made = [plots.learning(i, one) for i, one in enumerate(found["curves"])]
    yield classed("div", "parts", *(tag("figure", one) for one in made))


def _soft(text: str) -> Html:
    return classed("p", "soft", text)


def _gap(found: Document) -> Html:
    return classed("p", "soft", f"Not shown. {found['gap']}")


def _ends(one: Document) -> str:
    return f"{share(one['low'])} to {share(one['high'])}"
