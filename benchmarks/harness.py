"""Times rivals side by side: each in its own process, taking turns, compared round by round."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, Goal, Spread

_INSTALL = "pip install --no-deps -r requirements-bench.lock"
_RAISED = re.compile(r"[A-Za-z_.]+(Error|Exception): ")  # the first line of what was raised
_ROUNDS, _TURN = 15, 1.0  # turns each, and seconds a turn
_QUICK_ROUNDS, _QUICK_TURN = 5, 0.3


@dataclass(frozen=True)
class Contender:
    """One rival: `setup`, a picklable function, gives the call to time.

    items, unit: what one call gets through. needs: modules imported before the set-up is timed;
    where one is not installed the contender is left out, and said to be. environment: variables
    that must be set before them.
    """

    name: str
    setup: Callable[[], Callable[[], object]]
    items: int
    unit: str
    needs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def installed(self) -> bool:
        return installed(self.needs)


def installed(modules: Sequence[str]) -> bool:
    return all(importlib.util.find_spec(one) is not None for one in modules)


def peak_mb() -> float:
    """The most this process held. Not Linux' `ru_maxrss`, which begins at its parent's peak."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _serve(contender: Contender, pipe: Any, warmup: int) -> None:
    try:
        os.dup2(2, 1)  # standard output is the parent's table alone
        os.environ.update(contender.environment)
        for module in contender.needs:
            importlib.import_module(module)
        pipe.send(None)
        pipe.recv()  # until the others have imported theirs and stand still
        memory, start = peak_mb(), time.perf_counter()
        run_once = contender.setup()
        setup = time.perf_counter() - start, peak_mb() - memory
        for _ in range(warmup):
            run_once()
        pipe.send(setup)
        while (seconds := pipe.recv()) is not None:
            run_once()  # uncounted: brings back the caches the others took
            calls, end = list[float](), time.perf_counter() + seconds
            while not calls or time.perf_counter() < end:
                start = time.perf_counter()
                run_once()
                calls.append(time.perf_counter() - start)
            pipe.send(calls)
        pipe.send(peak_mb())
    except Exception:
        pipe.send(traceback.format_exc())


class _Child:
    def __init__(self, contender: Contender, warmup: int) -> None:
        self.contender, self.rounds, self.setup = contender, list[list[float]](), (0.0, 0.0)
        spawn = multiprocessing.get_context("spawn")  # a fork would share thread pools and memory
        self._pipe, far = spawn.Pipe()
        self.process = spawn.Process(target=_serve, args=(contender, far, warmup), daemon=True)
        self.process.start()
        far.close()

    def ask(self, question: float | None = None) -> Any:
        self._pipe.send(question)
        return self.answer()

    def answer(self) -> Any:
        try:
            answer = self._pipe.recv()
        except EOFError:
            self.process.join()
            answer = f"its process ended with code {self.process.exitcode}"
        if isinstance(answer, str):
            raise RuntimeError(f"{self.contender.name} failed: {answer}")
        return answer

    def build(self) -> None:
        self.setup = self.ask()

    def manages(self, what: Callable[[], object], failures: dict[str, str] | None) -> bool:
        """Whether it does what is asked; the line of why not into `failures`."""
        try:
            what()
        except RuntimeError as error:
            if failures is None:
                raise
            lines = str(error).strip().splitlines()
            raised = [one for one in lines if _RAISED.match(one)] or lines
            failures[self.contender.name] = raised[-1][:300]
            return False
        return True

    def finish(self) -> Figure:
        peak, one = self.ask(), self.contender
        spread = Spread.of([call for calls in self.rounds for call in calls])
        turns = tuple(statistics.median(calls) for calls in self.rounds)
        rate = one.items / spread.median
        return Figure(one.name, one.unit, rate, spread, turns, *self.setup, peak)


def measure(
    contenders: Sequence[Contender],
    rounds: int,
    warmup: int = 3,
    turn_seconds: float = _TURN,
    failures: dict[str, str] | None = None,
) -> list[Figure]:
    """One turn each, round after round: A B C A B C.

    A contender that cannot be set up is left out, its reason put into `failures`; where that is
    not given, and where one fails later, RuntimeError.
    """
    children = list[_Child]()
    try:
        with Console(stderr=True).status("Importing") as status:
            children.extend(_Child(contender, warmup) for contender in contenders)
            ready = [child for child in children if child.manages(child.answer, failures)]
            for child in list(ready):
                status.update(f"Setting up {child.contender.name}")
                if not child.manages(child.build, failures):
                    ready.remove(child)
            for number in range(rounds):
                for child in ready:
                    status.update(f"Round {number + 1} of {rounds}: {child.contender.name}")
                    child.rounds.append(child.ask(turn_seconds))
        return [child.finish() for child in ready]
    finally:
        for child in children:
            child.process.terminate()


def environment(libraries: Sequence[str]) -> dict[str, Any]:
    """The machine, how busy it is, the versions, and the commit."""
    cpus = Path("/proc/cpuinfo")
    names = cpus.read_text().split("model name\t: ")[1:] if cpus.exists() else []
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    found = {one.name: one.version for one in importlib.metadata.distributions()}
    return {
        "cpu": names[0].splitlines()[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "system": platform.platform(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        "libraries": {one: found[one] for one in libraries if one in found},
        "commit": subprocess.run(git, capture_output=True, text=True).stdout.strip() or None,
    }


def opening(where: dict[str, Any]) -> list[str]:
    """What an environment says, in lines."""
    lines = [f"{key}: {value}" for key, value in where.items()]
    if where["load"][0] > 0.5:
        lines.append(
            "The machine is busy: run again when it is quiet; shared cores hurt torch most."
        )
    return lines


def table(title: str, figures: Sequence[Figure]) -> Table:
    table = Table("contender", title=title, caption="median (p10 to p90)")
    for heading in ("a second", "ms a call", "time / first", "set-up s", "set-up MB", "peak MB"):
        table.add_column(heading, justify="right")
    for one in figures:
        times = one.seconds.text(1e3), one.over(figures[0]).text()
        sizes = f"{one.setup_seconds:.1f}", f"{one.setup_mb:,.0f}", f"{one.peak_mb:,.0f}"
        table.add_row(one.name, f"{one.rate:,.0f} {one.unit}", *times, *sizes)
    return table


def main(
    title: str,
    contenders: Callable[[], Sequence[Contender]],
    goals: Sequence[Goal] = (),
    libraries: Sequence[str] = (),
) -> None:
    """The command line of a benchmark: a table and its goals, or with --json one object."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    parser.add_argument("--rounds", type=int, help=f"default {_ROUNDS}, quick {_QUICK_ROUNDS}")
    options = parser.parse_args()
    usual, turn = (_QUICK_ROUNDS, _QUICK_TURN) if options.quick else (_ROUNDS, _TURN)
    rounds, every = options.rounds or usual, contenders()
    where = environment(libraries)  # before we load the machine ourselves
    figures = measure([one for one in every if one.installed], rounds, turn_seconds=turn)
    absent = [one.name for one in every if not one.installed]
    verdicts = [goal.judge({one.name: one for one in figures}) for goal in goals]
    if options.json:
        ratios = [{"time_over_first": asdict(one.over(figures[0]))} for one in figures]
        found = [asdict(one) | ratio for one, ratio in zip(figures, ratios, strict=True)]
        record = {"title": title, "environment": where, "rounds": rounds, "contenders": found}
        goals_met = [verdict.record() for verdict in verdicts]
        print(json.dumps(record | {"not_installed": absent, "goals": goals_met}, indent=2))
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    console.print(*opening(where), table(title, figures), sep="\n")
    notes = [*(f"{name}: not installed: {_INSTALL}" for name in absent), *map(str, verdicts)]
    console.print(*notes, sep="\n", soft_wrap=True)
