"""The journal as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter

from benchmarks.quality.figures import Difference, spread
from benchmarks.quality.journal import Entry, Journal, Key
from benchmarks.quality.task import SEEDS, TASKS, Task
from pipelines.metrics.parse import parse_metric

OURS, THEIRS = "crossrank", "FuxiCTR"


def tables(journal: Journal, datasets: Sequence[str]) -> Iterator[str]:
    """One a dataset that has anything to compare."""
    for name in datasets:
        task = TASKS[name]
        found = _rivals if task.versus == "rivals" else _families
        if pairs := sorted(found(journal, task), key=itemgetter(0)):
            yield _table(task, pairs)


Side = tuple[str, list[Entry]]


def _rivals(journal: Journal, task: Task) -> Iterator[tuple[str, Side, Side]]:
    """Each model of ours against that of the rival."""
    done = _tested(journal, task)
    for who, model in done:
        if who == OURS and (THEIRS, model) in done:
            sides = ((one, done[one, model]) for one in (OURS, THEIRS))
            yield (model, *sides)


def _families(journal: Journal, task: Task) -> Iterator[tuple[str, Side, Side]]:
    """CAN against each other family of ours."""
    done = _tested(journal, task)
    can = done.get((OURS, "can"))
    for who, model in done:
        if can and who == OURS and model != "can":
            yield f"can against {model}", ("can", can), (model, done[who, model])


def _tested(journal: Journal, task: Task) -> dict[tuple[str, str], list[Entry]]:
    """By contestant and model, the seeds of the setting that did best on validation, where all
    are in: a grid that grew leaves others too."""
    entries, sign = journal.entries(task.budget), 1 if task.higher_is_better else -1
    settings: dict[Key, list[Entry]] = {}
    for key, entry in entries.items():
        if entry.test is not None:
            settings.setdefault(replace(key, stage="tune", seed=0), []).append(entry)
    ranked = sorted(settings, key=lambda key: sign * entries[key].valid[task.metrics[0]])
    best = {(key.contestant, key.model): settings[key] for key in ranked}
    return {who: seeds for who, seeds in best.items() if len(seeds) == SEEDS}


def _table(task: Task, pairs: Sequence[tuple[str, Side, Side]]) -> str:
    columns = ("ours", "other", "difference")
    heads = [f"{metric}, {column}" for metric in task.metrics for column in columns]
    lines = [
        f"{task.name}: mean ± standard deviation over {SEEDS} seeds, on test; difference with a "
        "95% interval (Welch)",
        "",
        _row("model", *heads, "verdict", "settings"),
        _row(*["---"] * (len(heads) + 3)),
    ]
    return "\n".join([*lines, *(_compared(task, *pair) for pair in pairs)])


def _compared(task: Task, name: str, ours: Side, theirs: Side) -> str:
    cells, verdicts = [], []
    for metric in task.metrics:
        values = [[one.test[metric] for one in side[1] if one.test] for side in (ours, theirs)]
        difference = Difference.of(*values)
        cells += [spread(values[0]), spread(values[1]), str(difference)]
        higher = bool(parse_metric(metric).higher_is_better)
        verdicts.append(difference.verdict(higher_is_better=higher))
    settings = "; ".join(f"{who} {_setting(entries)}" for who, entries in (ours, theirs))
    return _row(name, *cells, ", ".join(verdicts), settings)


def _setting(entries: Sequence[Entry]) -> str:
    key, epochs = entries[0].key, sorted(one.epoch for one in entries)
    return f"rate {key.rate:g}, L2 {key.l2:g}, epochs {epochs[0]}-{epochs[-1]}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
