"""What `crossrank evaluate` found, for people and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from pipelines import console
from pipelines.evaluation.gates import Verdict
from pipelines.evaluation.measure import Evaluation, Measured
from pipelines.metrics.counts import Counts
from pipelines.uncertainty.intervals import Interval

BESIDE = 3  # metrics in a table of slices
SHOWN = 20  # slices in a table; --json has all


def plain(value: Any) -> Any:
    """JSON of dataclasses and numbers, where what is not known is null and not NaN."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def document(found: Evaluation) -> dict[str, Any]:
    """`metrics` by scorer, their `intervals`, what they rest on (`counts`) and `slices`."""
    return {
        "rows": found.rows,
        "excluded": found.excluded,
        "metrics": {
            who: {name: plain(one.value) for name, one in measured.intervals.items()}
            for who, measured in found.scorers.items()
        },
        "intervals": {who: plain(one.intervals) for who, one in found.scorers.items()},
        "counts": {
            who: {name: _counts(one) for name, one in measured.counts.items()}
            for who, measured in found.scorers.items()
        },
        "slices": {who: plain(one.slices) for who, one in found.scorers.items() if one.slices},
        "slices_note": found.note,
    }


def _counts(one: Counts) -> dict[str, Any]:
    return {**plain(one), "tie_rate": one.tie_rate, "skipped_share": one.skipped_share}


def show(title: str, found: Evaluation, bounds: Mapping[str, Mapping[str, float]]) -> None:
    """Tables of all rows and of the worst slices; `bounds` are values without
    intervals, by scorer."""
    names = list(dict.fromkeys(_names([*found.by_scorer.values(), *bounds.values()])))
    rows = []
    for name in names:
        cells: list[object] = [_cell(found, who, name, bounds) for who in found.scorers]
        cells += [bounds[who].get(name, "") for who in bounds if who not in found.scorers]
        rows.append([name, *cells])
    others = [who for who in bounds if who not in found.scorers]
    console.table(title, ["metric", *found.scorers, *others], rows)
    for line in _notes(found):
        console.say(line)
    for who, one in found.scorers.items():
        if one.slices:
            _show_slices(who, one, found.note)


def show_verdicts(verdicts: Sequence[Verdict]) -> None:
    """The gates that failed, on stderr."""
    for one in verdicts:
        if not one.passed:
            console.warn(f"gate failed: {one.reason}")


def _names(results: Iterable[Mapping[str, object]]) -> Iterable[str]:
    return (name for one in results for name in one)


def _cell(
    found: Evaluation, who: str, name: str, bounds: Mapping[str, Mapping[str, float]]
) -> object:
    one = found.scorers[who].intervals.get(name)
    return bounds.get(who, {}).get(name, "") if one is None else _interval(one)


def _interval(one: Interval) -> str:
    if math.isnan(one.low):
        return f"{one.value:.5g}"
    return f"{one.value:.5g} ({one.low:.4g} to {one.high:.4g})"


def _notes(found: Evaluation) -> Iterable[str]:
    first = next(iter(found.scorers.values()))
    if all(math.isnan(one.low) for one in first.intervals.values()):
        return
    units = list(dict.fromkeys((one.units, one.unit) for one in first.intervals.values()))
    level = next(iter(first.intervals.values())).level
    drawn = " or ".join(f"{units} of {_many(unit)}" for units, unit in units)
    yield f"Intervals hold the truth in {level:.0%} of such logs; drawn anew were {drawn}."
    for who, one in found.scorers.items():
        told: dict[str, list[str]] = {}
        for name, rests in one.counts.items():
            if facts := _rests(rests):
                told.setdefault(facts, []).append(name)
        for facts, names in told.items():
            yield f"{who}, {', '.join(names)}: {facts}."
    for name, count in found.excluded.items():
        yield f"Left out: {count} rows without {name}."


def _rests(rests: Counts) -> str:
    facts = []
    if rests.groups:
        facts.append(
            f"{rests.groups} groups, {rests.skipped} skipped ({rests.skipped_share:.1%} of the "
            "weight)"
        )
    if rests.tied:
        facts.append(f"{rests.tie_rate:.1%} of the rows are tied")
    return ", ".join(facts)


def _many(unit: str) -> str:
    return "rows" if unit == "row" else f"'{unit}'"


def _show_slices(who: str, one: Measured, note: str) -> None:
    names = list(one.intervals)[:BESIDE]
    shown = one.slices[:SHOWN]
    rows = []
    for part in shown:
        first, *others = (part.metrics[name] for name in names)
        cells = ["not defined" if first is None else _interval(first)]
        cells += ["" if value is None else f"{value.value:.4g}" for value in others]
        rows.append([part.slice, str(part.rows), *cells])
    title = f"{who} by slice, worst {names[0]} first"
    if len(shown) < len(one.slices):
        title += f" (the first {len(shown)} of {len(one.slices)})"
    console.plain_table(title, ["slice", "rows", *names], rows)
    level = next(iter(one.intervals.values())).level
    by_chance = (1 - level) * len(one.slices)
    console.say(
        f"{note}. Of so many, some are bad by chance: about {by_chance:.1f} intervals miss their "
        "truth."
    )
