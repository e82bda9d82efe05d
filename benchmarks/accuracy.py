"""Accuracy against rivals: every model against FuxiCTR's on the same encoded rows and budget.

`python -m benchmarks.accuracy --folder F` trains what the journal in F does not hold yet, and
prints the tables; `--report` prints them alone. Learning rate, penalty and epoch are picked on
validation with one seed; then the test part is scored once a seed.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.quality.journal import Journal, Key
from benchmarks.quality.report import tables
from benchmarks.quality.task import SEEDS, TASKS, Task

CONTESTANTS = {"crossrank": "benchmarks.quality.ours", "FuxiCTR": "benchmarks.quality.theirs"}
FIRST = ("wide_deep", "dcn_v2", "dnn", "deepfm", "finalmlp")
REST = (
    *("lr", "fm", "fwfm", "dcn", "xdeepfm", "autoint", "pnn", "nfm", "afn", "masknet", "dlrm"),
    "dcn_mix",  # FuxiCTR's takes five times as long as any other
)
JOBS = [
    *product(("criteo", "avazu"), FIRST, CONTESTANTS),
    *product(("co-action", "beauty"), ("can", "dnn", "din"), ("crossrank",)),
    *product(("criteo", "avazu"), REST, CONTESTANTS),
]
Levels = tuple[float, float, float]
THREADS = ("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "TF_NUM_INTRAOP_THREADS")


def missing(task: Task, journal: Journal, who: str, model: str, l2: Levels) -> Iterator[Key]:
    """What is left to train: the rates under the middle penalty, the other penalties at the best
    of them, then the seeds of the best of all. Asks the journal anew after each."""

    def tried(rate: float, penalty: float) -> Key:
        return Key(who, task.name, model, "tune", 0, rate, penalty)

    def new(keys: Sequence[Key]) -> list[Key]:
        entries = journal.entries(task.budget)
        return [key for key in keys if key not in entries]

    def best(keys: Sequence[Key]) -> Key:
        entries, sign = journal.entries(task.budget), 1 if task.higher_is_better else -1
        return max(keys, key=lambda key: sign * entries[key].valid[task.metrics[0]])

    rates = [tried(rate, l2[1]) for rate in task.rates]
    yield from new(rates)
    penalties = [tried(best(rates).rate, one) for one in l2]
    yield from new(penalties)
    setting = best(penalties)
    yield from new([replace(setting, stage="test", seed=seed) for seed in range(SEEDS)])


def job(task_name: str, model: str, who: str, folder: Path) -> None:
    """All trainings of a model by a contestant, in a process of its own."""
    contestant = importlib.import_module(CONTESTANTS[who])
    task, journal = TASKS[task_name], Journal(folder / "journal.jsonl")
    parent = multiprocessing.parent_process()
    for key in missing(task, journal, who, model, contestant.L2):
        if parent is not None and not parent.is_alive():
            return
        entry = contestant.run(task, key, folder)
        journal.add(entry)
        print(entry, flush=True)


def _guarded(arguments: tuple[Any, ...]) -> str:
    try:
        job(*arguments)
    except Exception:
        return traceback.format_exc()
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="of the journal and the data")
    parser.add_argument("--datasets", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--models", nargs="+", default=None)
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--at-once", type=int, default=1, help="processes, of one thread each")
    parser.add_argument("--report", action="store_true", help="no training")
    options = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, "1"))
    jobs = [
        (task, model, who, options.folder)
        for task, model, who in JOBS
        if task in options.datasets
        and who in options.contestants
        and (options.models is None or model in options.models)
    ]
    if not options.report:
        for task in dict.fromkeys(one[0] for one in jobs):
            TASKS[task].prepared(options.folder)
        spawn = multiprocessing.get_context("spawn")
        with spawn.Pool(options.at_once, maxtasksperchild=1) as pool:
            for one, failure in zip(jobs, pool.imap(_guarded, jobs), strict=True):
                if failure:
                    print(*one[:3], failure, file=sys.stderr, flush=True)
    for table in tables(Journal(options.folder / "journal.jsonl"), options.datasets):
        print(table)


if __name__ == "__main__":
    main()
