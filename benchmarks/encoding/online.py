"""The request path: encoding on one core, and one encoder in several processes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.encoding.log import IDS
from benchmarks.figures import Spread

_VALUES, _ENTRIES, _CALLS = 100_000, 10_000_000, 4_000
_ROWS = 500  # of the request that a process answers once it has loaded
_QUICK = 10  # times less

_PIPE = subprocess.PIPE

Held = dict[str, float]


@dataclass(frozen=True)
class Online:
    """What was found.

    values: of an id, in requests. requests: by kind, the median and the 99th percentile of each
    run, in ms. entries: of the encoder that is loaded, in all. disk_mb: its files. held: of each
    run, what two processes that hold it say.
    """

    values: int
    requests: dict[str, list[tuple[float, float]]]
    entries: int
    disk_mb: float
    held: list[tuple[Held, Held]]

    def record(self) -> dict[str, Any]:
        return {
            "request_ms_median_and_p99": self.requests,
            "loading": {"entries": self.entries, "disk_mb": self.disk_mb, "runs": self.held},
        }

    def tables(self) -> list[Table]:
        return [self._requests(), self._loading()]

    def _requests(self) -> Table:
        title = f"A request on one core, {len(IDS)} ids of {self.values:,} values and 13 numerics"
        table = Table("request", title=title, caption="over the runs: median (p10 to p90)")
        for heading in ("median ms", "p99 ms"):
            table.add_column(heading, justify="right")
        for kind, runs in self.requests.items():
            medians, tails = zip(*runs, strict=True)
            table.add_row(kind, Spread.of(medians).text(), Spread.of(tails).text())
        return table

    def _loading(self) -> Table:
        title = (
            f"An encoder of {self.entries:,} values, {self.disk_mb:,.0f} MB on disk, loaded twice"
        )
        table = Table("", title=title, caption="over the runs: median (p10 to p90)")
        table.add_column("", justify="right")
        both = [one for run in self.held for one in run]
        table.add_row("load s", Spread.of([one["load_seconds"] for one in both]).text())
        for name in ("rss", "pss", "private"):
            before = statistics.median(one[f"{name}_mb_before"] for one in both)
            table.add_row(f"{name}, MB, of a process before it loads", f"{before:,.0f}")
            held = [one[f"{name}_mb"] for one in both]
            table.add_row(f"{name}, MB, of a process", Spread.of(held).text())
            sums = [sum(one[f"{name}_mb"] for one in run) for run in self.held]
            table.add_row(f"{name}, MB, of both", Spread.of(sums).text())
        return table


def online(folder: Path, runs: int, quick: bool) -> Online:
    """Measure in processes of their own. RuntimeError where one fails."""
    part = _QUICK if quick else 1
    values, entries = _VALUES // part, _ENTRIES // part // len(IDS) * len(IDS)
    few, many = folder / "few", folder / "many"
    requests: dict[str, list[tuple[float, float]]] = {}
    held = []
    with Console(stderr=True).status("Building encoders") as status:
        _finish(_start("build", few, values))
        _finish(_start("build", many, entries // len(IDS)))
        for number in range(runs):
            status.update(f"Run {number + 1} of {runs}: requests")
            for kind, (median, tail) in _finish(_start("answer", few, _CALLS // part)).items():
                requests.setdefault(kind, []).append((median, tail))
            status.update(f"Run {number + 1} of {runs}: loading")
            held.append(_held(many))
    disk = sum(file.stat().st_size for file in many.iterdir()) / 1e6
    return Online(values, requests, entries, disk, held)


def _held(folder: Path) -> tuple[Held, Held]:
    """Two processes, the second one started once the first has loaded."""
    processes, loaded = [], []
    for _ in range(2):
        processes.append(_start("hold", folder, _ROWS))
        loaded.append(_answer(processes[-1]))
    first, second = (
        seconds | _answer(process, "count")
        for process, seconds in zip(processes, loaded, strict=True)
    )
    for process in processes:
        process.communicate("end\n")
    return first, second


def _start(what: str, folder: Path, count: int) -> subprocess.Popen[str]:
    """On the last core alone where it answers requests, with one Polars thread from the start."""
    command = [sys.executable, "-m", "benchmarks.encoding.server", what, str(folder), str(count)]
    alone = what == "answer"
    environment = os.environ | ({"POLARS_MAX_THREADS": "1"} if alone else {})
    with _one_core() if alone else nullcontext():
        return subprocess.Popen(
            command, stdin=_PIPE, stdout=_PIPE, stderr=_PIPE, text=True, env=environment
        )


@contextmanager
def _one_core() -> Iterator[None]:
    """Ours meanwhile, and so for good of a process that starts meanwhile. Linux alone."""
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(usual)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


def _answer(process: subprocess.Popen[str], question: str | None = None) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    if question is not None:
        process.stdin.write(f"{question}\n")
        process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        _finish(process)
        raise RuntimeError("a process ended without an answer")
    return json.loads(line)


def _finish(process: subprocess.Popen[str]) -> Any:
    out, error = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a process ended with code {process.returncode}: {error[-2000:]}")
    return json.loads(out) if out.strip() else None
