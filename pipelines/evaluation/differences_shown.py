"""What `crossrank compare` found, for people and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pipelines import console
from pipelines.evaluation.compare import Compared, SliceDifference
from pipelines.evaluation.tables import SHOWN, plain
from pipelines.uncertainty.differences import POWER, Difference

HEADS = ("metric", "{first}", "{second}", "difference", "interval", "p", "adjusted p", "verdict")


def document(found: Compared) -> dict[str, Any]:
    """One candidate's, as JSON."""
    return {
        "name": found.name,
        "differences": {
            who: {name: _told(one) for name, one in metrics.items()}
            for who, metrics in found.differences.items()
        },
        "wins": plain(found.wins),
        "slices": {
            who: [{"slice": one.slice, "rows": one.rows, **_told(one.difference)} for one in slices]
            for who, slices in found.slices.items()
        },
        "slices_note": found.note,
    }


def show(first: str, found: Compared) -> None:
    """The tables of one candidate, and in words what they come to."""
    for who, metrics in found.differences.items():
        heads = [head.format(first=first, second=found.name) for head in HEADS]
        rows = [[name, *_row(one)] for name, one in metrics.items()]
        console.plain_table(f"{who}: {found.name} against {first}", heads, rows)
        for line in _words(metrics):
            console.say(line)
        if who in found.wins:
            console.say(_wins(found, who))
        if slices := found.slices.get(who):
            _show_slices(who, slices, found)


def verdict(one: Difference) -> str:
    """In words: what is shown, and no more."""
    if math.isnan(one.adjusted):
        return "cannot be told"
    if not one.shown:
        return "no difference shown"
    if one.better is None:
        return "higher" if one.value > 0 else "lower"
    return "better" if one.better else "worse"


def _told(one: Difference) -> dict[str, Any]:
    return {**plain(one), "verdict": verdict(one)}


def _row(one: Difference) -> list[str]:
    return [
        f"{one.first:.5g}",
        f"{one.second:.5g}",
        f"{one.value:+.3g}",
        f"{one.low:+.3g} to {one.high:+.3g}",
        f"{one.p_value:.2g}",
        f"{one.adjusted:.2g}",
        verdict(one),
    ]


def _words(metrics: Mapping[str, Difference]) -> list[str]:
    one = next(iter(metrics.values()))
    units = dict.fromkeys((each.units, each.unit) for each in metrics.values())
    tests = dict.fromkeys(each.test for each in metrics.values())
    paired = " or ".join(f"{count} of '{unit}'" for count, unit in units)
    lines = [
        f"Intervals of {one.level:.0%}, paired over {paired}; p by {', '.join(tests)}, adjusted "
        "for the number of tests."
    ]
    for name, each in metrics.items():
        if not each.shown and not math.isnan(each.adjusted):
            lines.append(
                f"No difference shown in {name}: one of {each.detectable:.2g} or more would be "
                f"found in {POWER:.0%} of such logs."
            )
    return lines


def _wins(found: Compared, who: str) -> str:
    one = found.wins[who]
    return (
        f"By {one.group}, of {one.metric}: {found.name} wins {one.wins}, loses {one.losses}, ties "
        f"{one.ties}; {one.skipped} skipped (sign test p {one.p_value:.2g})."
    )


def _show_slices(who: str, slices: list[SliceDifference], found: Compared) -> None:
    metric = slices[0].difference.metric
    differing = [one for one in slices if one.difference.shown]
    shown = slices[:SHOWN]
    heads = ["slice", "rows", *HEADS[3:]]
    rows = [[one.slice, str(one.rows), *_row(one.difference)[2:]] for one in shown]
    title = f"{who}: {metric} by slice, the surest differences first"
    if len(shown) < len(slices):
        title += f" (the first {len(shown)} of {len(slices)})"
    console.plain_table(title, heads, rows)
    told = f"{len(differing)} differ" if differing else "no difference shown in any"
    undefined = f"; {metric} is not defined in {found.undefined}" if found.undefined else ""
    console.say(f"{found.note}{undefined}: {told}, adjusted for their number.")
