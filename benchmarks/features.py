"""Learning vocabularies and scales and encoding a log with them, and encoding a request.

A simulated log in Criteo's shape: 13 numerics, which are logged and standardised, and 26 ids of 10
to 300,000 values by Zipf's law, which get codes from vocabularies. Every contestant reads the same
Parquet file, and what is timed is reading, fitting and encoding; nothing is written. Each run has a
process of its own, and the contestants take turns. In each run all must have learned the same.

`--growth`: crossrank alone, by the size of the log. `--online`: the request path on one core, and
an encoder of 10 million values that processes share.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.encoding.log import simulated, text_bytes
from benchmarks.encoding.online import online
from benchmarks.encoding.rivals import RIVALS
from benchmarks.encoding.trial import Trial, require_agreement, run
from benchmarks.figures import Figure, Goal, Spread
from benchmarks.harness import environment, opening

ROWS, RUNS, QUICK_ROWS, QUICK_RUNS = 1_000_000, 5, 100_000, 2
GROWTH = (1, 3, 10)  # times the rows
OURS = "crossrank"
LIBRARIES = ["numpy", "pandas", "polars", "pyarrow", "scikit-learn", "tensorflow", "tf_keras"]


@dataclass(frozen=True)
class Entry:
    """A contestant, and the rows it gets."""

    name: str
    rival: str
    rows: int


@dataclass(frozen=True)
class Finding:
    """All runs of an entry, and the sizes of what each of them read, in bytes."""

    entry: Entry
    parquet: int
    text: int
    trials: tuple[Trial, ...]

    @property
    def figure(self) -> Figure:
        """A call is a fit and an encoding; the set-up is what the imports took."""
        seconds = tuple(one.seconds for one in self.trials)
        spread = Spread.of(seconds)
        rate = self.entry.rows / spread.median
        imports = self.of("import_seconds").median, self.of("import_mb").median
        peak = self.of("peak_mb").median
        return Figure(self.entry.name, "rows", rate, spread, seconds, *imports, peak)

    def of(self, field: str) -> Spread:
        return Spread.of([getattr(one, field) for one in self.trials])

    def memory_over(self, other: Finding) -> Spread:
        pairs = zip(self.trials, other.trials, strict=True)
        return Spread.of([ours.peak_mb / theirs.peak_mb for ours, theirs in pairs])

    def record(self, first: Finding) -> dict[str, Any]:
        ratios = {
            "time_over_first": asdict(self.figure.over(first.figure)),
            "memory_over_first": asdict(self.memory_over(first)),
        }
        kept = ("import_seconds", "import_mb", "fit_seconds", "encode_seconds", "peak_mb")
        runs = [{name: getattr(one, name) for name in kept} for one in self.trials]
        sizes = {"parquet_bytes": self.parquet, "text_bytes": self.text}
        return asdict(self.entry) | sizes | ratios | {"runs": runs}


def measure(entries: Sequence[Entry], runs: int, folder: Path) -> list[Finding]:
    """One run each, round after round. RuntimeError where one fails, or learns something else."""
    trials = {entry: list[Trial]() for entry in entries}
    with Console(stderr=True).status("Writing the log") as status, _temporary() as samples:
        logs = {rows: _written(folder, rows) for rows in sorted({one.rows for one in entries})}
        for number in range(runs):
            firsts: dict[int, tuple[Trial, Path]] = {}  # ours, by rows
            for i, entry in enumerate(entries):
                status.update(f"Run {number + 1} of {runs}: {entry.name}")
                sample = samples / f"{i}.npz"
                trial = run(entry.rival, logs[entry.rows], sample)
                first = firsts.setdefault(entry.rows, (trial, sample))
                require_agreement(first, (trial, sample), RIVALS[entry.rival].exact)
                trials[entry].append(trial)
    sizes = {rows: (log.stat().st_size, text_bytes(log)) for rows, log in logs.items()}
    return [Finding(one, *sizes[one.rows], tuple(trials[one])) for one in entries]


@contextmanager
def _temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _written(folder: Path, rows: int) -> Path:
    """The log, made in another process: a child's peak memory begins at its parent's."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        return pool.submit(simulated, folder, rows).result()


def compared(rows: int, only: Sequence[str]) -> list[Entry]:
    """Ours, and those asked for that are installed; all of them where none is asked for."""
    names = [name for name in RIVALS if name == OURS or not only or name in only]
    return [Entry(name, name, rows) for name in names if RIVALS[name].installed()]


def growing(rows: int) -> tuple[list[Entry], list[Goal]]:
    """Ours by the size of the log, and the goals that no row costs more for that."""
    entries = [Entry(f"{OURS}, {times * rows:,} rows", OURS, times * rows) for times in GROWTH]
    smallest, *larger = entries
    goals = [Goal(one.name, one.rows / smallest.rows, smallest.name) for one in larger]
    return entries, goals


def _table(title: str, findings: Sequence[Finding]) -> Table:
    """MB are 10^6 bytes; ratios alone have their spread, taken within each run."""
    table = Table("contestant", title=title, caption="medians; of ratios also p10 to p90")
    headings = ("rows/s", "Parquet MB/s", "text MB/s", "fit s", "encode s", "time / first")
    for heading in (*headings, "peak MB", "imports MB", "memory / first"):
        table.add_column(heading, justify="right")
    first = findings[0]
    for one in findings:
        figure = one.figure
        read = [f"{size / figure.seconds.median / 1e6:,.1f}" for size in (one.parquet, one.text)]
        spent = [f"{one.of(f'{part}_seconds').median:.2f}" for part in ("fit", "encode")]
        memory = f"{figure.peak_mb:,.0f}", f"{figure.setup_mb:,.0f}", one.memory_over(first).text()
        time = figure.over(first.figure).text()
        table.add_row(figure.name, f"{figure.rate:,.0f}", *read, *spent, time, *memory)
    return table


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fitting and encoding features")
    parser.add_argument("--rows", type=int, help=f"default {ROWS:,}, quick {QUICK_ROWS:,}")
    parser.add_argument("--runs", type=int, help=f"default {RUNS}, quick {QUICK_RUNS}")
    parser.add_argument("--folder", type=Path, help="where logs are kept; a temporary one")
    parser.add_argument("--only", nargs="*", default=[], choices=list(RIVALS), metavar="RIVAL")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--growth", action="store_true", help="ours alone, by the size of the log")
    what.add_argument("--online", action="store_true", help="requests on one core, and loading")
    return parser.parse_args()


def main() -> None:
    options, where = _parsed(), environment(LIBRARIES)
    runs = options.runs or (QUICK_RUNS if options.quick else RUNS)
    rows = options.rows or (QUICK_ROWS if options.quick else ROWS)
    shown: list[Table | str]
    with _temporary() as folder:
        if options.online:
            found = online(folder, runs, options.quick)
            record, shown = found.record(), [*found.tables()]
        else:
            entries, goals = growing(rows) if options.growth else (compared(rows, options.only), [])
            findings = measure(entries, runs, options.folder or folder)
            figures = {one.entry.name: one.figure for one in findings}
            verdicts = [goal.judge(figures) for goal in goals]
            met = [verdict.record() for verdict in verdicts]
            record = {"contestants": [one.record(findings[0]) for one in findings], "goals": met}
            absent = [f"{one}: not installed" for one in RIVALS if not RIVALS[one].installed()]
            table = _table(f"Fit and encode, {runs} runs", findings)
            shown = [table, *absent, *map(str, verdicts)]
    if options.json:
        print(json.dumps({"environment": where, "runs": runs} | record, indent=2))
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    console.print(*opening(where), *shown, sep="\n")


if __name__ == "__main__":
    main()
