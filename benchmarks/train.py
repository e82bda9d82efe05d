"""Training against rivals: examples/s, what is learned, memory, and where a step's time goes.

DCN-V2 (26 ids of 16, 13 numerics, three full-rank crosses beside an MLP of 400 x 3) and Wide&Deep
(an MLP of 64 and 32) in batches of 4096 whose labels follow a known law (`training/task.py`).

- `races`: for each model, trials pick each rival's fastest setting; then all take turns at 100
  thousand values a field, and at a million. The matrix products of the dense part alone run too.
- `auc`: one pass over the same rows for each of a few learning rates, the best on validation rows.
- `growth`: ours at 100 thousand, one and ten million rows of all tables together.
- `profile`: the pieces of our step, each timed apart.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from rich.console import Console

from benchmarks.figures import Goal
from benchmarks.harness import environment, installed, opening
from benchmarks.training import report
from benchmarks.training.contest import (
    Choice,
    Effort,
    Result,
    Scored,
    chosen,
    growth,
    heats,
    profile,
    race,
    scored,
)
from benchmarks.training.rivals import OURS, OURS_BF16, RIVALS
from benchmarks.training.task import Family, Task, write
from benchmarks.training.trainee import Rival, Setting

PARTS = ("races", "auc", "growth", "profile")
LIBRARIES = [
    "numpy",
    "tensorflow",
    "tf_keras",
    "keras",
    "tensorflow-recommenders",
    "torch",
    "fbgemm-gpu-cpu",
    "fuxictr",
    "deepctr",
    "deepctr-torch",
]


@dataclass(frozen=True)
class Plan:
    """Sizes of everything. values: of each field. growth: rows of all tables together."""

    values: tuple[int, ...]
    growth: tuple[int, ...]
    batch: int
    pool: int  # batches of a race
    learned: int  # batches a contestant learns from before its AUC is taken
    judged: int  # batches of validation, and twice as many of test
    effort: Effort
    trials: bool = True  # of settings and learning rates, or one of each

    def task(self, family: Family, values: int) -> Task:
        task = Task(family, values, batch=self.batch)
        return replace(task, rows=values * task.fields)


FULL = Plan(
    (100_000, 1_000_000),
    (100_000, 1_000_000, 10_000_000),
    4096,
    64,
    256,
    48,
    Effort(15, 1.0, 3, 1.0),
)
QUICK = Plan((200, 1_000), (5_200, 26_000), 256, 4, 8, 2, Effort(2, 0.05, 1, 0.05), trials=False)


def free_gigabytes() -> float:
    """What may be had without swapping; elsewhere than on Linux, half of the memory."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        return int(meminfo.read_text().split("MemAvailable:")[1].split()[0]) * 1024 / 1e9
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2e9


class Benchmark:
    """The parts, each of which shows what it found and keeps it for the record."""

    def __init__(self, plan: Plan, rivals: Sequence[Rival], folder: Path, show: Any) -> None:
        self._plan, self._rivals, self._folder, self._show = plan, rivals, folder, show
        self._choices: dict[tuple[Family, str], Choice] = {}
        self.record: dict[str, Any] = {}

    def _data(self, task: Task, name: str, batches: int, seed: int) -> Path:
        """Written in a process of its own, which gives its memory back."""
        folder = self._folder / f"{task.rows}-{name}"
        if not folder.exists():
            report.apart(write, task, batches, folder, seed)
        return folder

    def _settings(self, family: Family, rivals: Sequence[Rival]) -> dict[str, Setting]:
        """The fastest of each at the smallest tables; those that can run at all."""
        task = self._plan.task(family, self._plan.values[0])
        folder = self._data(task, "race", self._plan.pool, 1)
        for one in rivals:
            if (family, one.name) not in self._choices:
                tried = one if self._plan.trials else replace(one, settings=one.settings[:1])
                choice = chosen(tried, task, folder, self._plan.effort)
                self._choices[family, one.name] = choice
                self._keep(f"settings, {family}", one.name, asdict(choice))
                self._show(*report.trials(one.name, choice))
        made = {one.name: self._choices[family, one.name].setting for one in rivals}
        return {name: one for name, one in made.items() if one is not None}

    def _keep(self, part: str, name: str, found: Any) -> None:
        self.record.setdefault(part, {})[name] = found

    def races(self, family: Family) -> None:
        settings = self._settings(family, self._rivals)
        able = [one for one in self._rivals if one.name in settings]
        for values in self._plan.values:
            task = self._plan.task(family, values)
            folder = self._data(task, "race", self._plan.pool, 1)
            results, failures = list[Result](), dict[str, str]()
            groups, absent = heats(able, task, 0.85 * free_gigabytes())
            for group in groups:
                results += race(group, settings, task, folder, self._plan.effort, failures)
            failures |= {one.name: "needs more memory than there is" for one in absent}
            title = f"{family}, {values:,} values a field"
            self._keep("races", title, {"found": [asdict(one) for one in results]})
            self.record["races"][title]["failures"] = failures
            self._show(report.race(title, results), *report.verdicts(results, task))
            self._show(*(f"{name}: {why}" for name, why in failures.items()))

    def auc(self, family: Family) -> None:
        task, plan = self._plan.task(family, self._plan.values[0]), self._plan
        settings, found = self._settings(family, self._rivals), dict[str, Scored]()
        sizes = {"train": plan.learned, "validation": plan.judged, "test": 2 * plan.judged}
        data = {
            name: self._data(task, name, batches, seed)
            for seed, (name, batches) in enumerate(sizes.items(), 2)
        }
        for one in self._rivals:
            if one.name in settings:
                some = one if plan.trials else replace(one, rates=one.rates[1:2])
                try:
                    found[one.name] = scored(some, task, settings[one.name], data)
                except RuntimeError as error:
                    self._show(f"{one.name}: {error}")
        self.record.setdefault("auc", {})[family] = {
            name: asdict(one) for name, one in found.items()
        }
        self._show(
            report.learned(f"{family}, {plan.learned * plan.batch:,} rows", found),
            *report.alike(found),
        )

    def growth(self, family: Family) -> None:
        for one in self._ours():
            found = growth(one, self._plan.growth, self._plan.task(family, 100), self._plan.effort)
            first, last = found[0].name, found[-1].name
            verdict = Goal(last, 1.1, first).judge({figure.name: figure for figure in found})
            kept = {"figures": [asdict(figure) for figure in found], "goal": verdict.record()}
            self._keep(f"growth, {family}", one.name, kept)
            self._show(report.growth(f"{family}, {one.name}, by rows", found), str(verdict))

    def profile(self, family: Family) -> None:
        task = self._plan.task(family, self._plan.values[0])
        for one in self._ours():
            found = profile(one, task, self._plan.effort)
            self._keep(f"profile, {family}", one.name, [asdict(figure) for figure in found])
            self._show(report.profile(f"{family}, {one.name}, one step", found))

    def _ours(self) -> Iterator[Rival]:
        return (one for one in self._rivals if one.name in (OURS, OURS_BF16))


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Training against rivals")
    parser.add_argument("--quick", action="store_true", help="tiny: shows that all of it runs")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")
    parser.add_argument("--rounds", type=int, help=f"default {FULL.effort.rounds}")
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--families", nargs="+", default=get_args(Family), choices=get_args(Family))
    parser.add_argument("--values", nargs="+", type=int, help=f"of a field, default {FULL.values}")
    names = [one.name for one in RIVALS if one.name not in (OURS, OURS_BF16)]
    parser.add_argument("--only", nargs="*", default=names, choices=names, metavar="RIVAL")
    parser.add_argument("--profile", action="store_true", help="the same as --parts profile")
    return parser.parse_args()


def main() -> None:
    options, where = _parsed(), environment(LIBRARIES)
    plan = QUICK if options.quick else FULL
    if options.rounds:
        plan = replace(plan, effort=replace(plan.effort, rounds=options.rounds))
    if options.values:
        plan = replace(plan, values=tuple(options.values))
    asked = [one for one in RIVALS if one.name in (OURS, OURS_BF16, *options.only)]
    rivals = [one for one in asked if installed(one.needs)]
    absent = [one.name for one in asked if one not in rivals]
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 180)
    show = (lambda *_: None) if options.json else partial(console.print, sep="\n")
    show(*opening(where), *(f"{name}: not installed: benchmarks/README.md" for name in absent))
    show(*(f"{one.name}: {one.how}" for one in rivals))
    with tempfile.TemporaryDirectory() as folder:
        benchmark = Benchmark(plan, rivals, Path(folder), show)
        for part in ("profile",) if options.profile else options.parts:
            for family in options.families:
                getattr(benchmark, part)(family)
    if options.json:
        record = {"environment": where, "plan": asdict(plan), "not_installed": absent}
        print(json.dumps(record | benchmark.record, indent=2))


if __name__ == "__main__":
    main()
