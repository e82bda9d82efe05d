"""What `crossrank compare` found, for people and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines import console
from pipelines.evaluation.compare import Compared, SliceDifference
from pipelines.evaluation.tables import SHOWN, plain
from pipelines.uncertainty.differences import POWER, Difference
from pipelines.uncertainty.wins import Wins

HEADS = ("metric", "first", "second", "change", "interval", "p", "verdict")
NONE = "no difference shown"


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
    name = found.name if Path(found.name).name == Path(first).name else Path(found.name).name
    for who, metrics in found.differences.items():
        rows = [[metric, *_row(one)] for metric, one in metrics.items()]
        console.plain_table(
            f"{who}: {name} against {first if name == found.name else Path(first).name}",
            HEADS,
            rows,
        )
        for line in _words(metrics):
            console.say(line)
        if who in found.wins:
            console.say(_wins(name, found.wins[who]))
        if slices := found.slices.get(who):
            _show_slices(who, slices, found)


def verdict(one: Difference) -> str:
    """In words: what is shown, and no more."""
    if math.isnan(one.adjusted):
        return "cannot be told"
    if one.value == one.error == 0:
        return "the same"
    if not one.shown:
        return NONE
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
        f"{one.low:+.2g} to {one.high:+.2g}",
        f"{one.adjusted:.2g}",
        "none shown" if verdict(one) == NONE else verdict(one),
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
        if verdict(each) == NONE:
            lines.append(
                f"No difference shown in {name}: one of {each.detectable:.2g} or more would be "
                f"found in {POWER:.0%} of such logs."
            )
    return lines


def _wins(name: str, one: Wins) -> str:
    return (
        f"By {one.group}, of {one.metric}: {name} wins {one.wins}, loses {one.losses}, ties "
        f"{one.ties}; {one.skipped} skipped (sign test p {one.p_value:.2g})."
    )


def _show_slices(who: str, slices: list[SliceDifference], found: Compared) -> None:
    metric = slices[0].difference.metric
    differing = [one for one in slices if one.difference.shown]
    shown = slices[:SHOWN]
    heads = ["slice", "rows", *HEADS[1:]]
    rows = [[one.slice, str(one.rows), *_row(one.difference)] for one in shown]
    title = f"{who}: {metric} by slice, the surest differences first"
    if len(shown) < len(slices):
        title += f" (the first {len(shown)} of {len(slices)})"
    console.plain_table(title, heads, rows)
    told = f"{len(differing)} differ" if differing else "no difference shown in any"
    undefined = f"; {metric} is not defined in {found.undefined}" if found.undefined else ""
    console.say(f"{found.note}{undefined}: {told}, adjusted for their number.")
