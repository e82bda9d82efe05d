"""What a person sees: progress on stderr, results on stdout, errors in one line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column, Table

from pipelines import interrupt

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)

_WIDTH = 240  # of a line that no terminal bounds
_WIDE = 110  # columns of a terminal that has room for a long bar and a note
_NOTE = Column(ratio=1, no_wrap=True, overflow="ellipsis")


class Stages:
    """A progress bar a stage; call it with the stage, what is done, the whole, and a note.

    Off a terminal a stage is shown when the next one begins.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._live = progress.console.is_terminal
        self._tasks: dict[str, TaskID] = {}
        self._shown = 0

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        interrupt.check()
        if not self._tasks and self._live:
            self._progress.start()
        if stage not in self._tasks:
            if not self._live:
                self._show()
            self._tasks[stage] = self._progress.add_task(stage, total=total, note="")
        self._progress.update(self._tasks[stage], completed=done, total=total, note=escape(note))

    def finish(self) -> None:
        """Close bars whose stage ended early."""
        for task in self._progress.tasks:
            if task.total is not None and task.completed < task.total:
                self._progress.update(task.id, total=task.completed)

    def close(self) -> None:
        """Give the terminal back; off it, show the last stage."""
        if self._live:
            self._progress.stop()
        else:
            self._show()

    def _show(self) -> None:
        """A line for each stage that has none yet."""
        lines = Console(file=self._progress.console.file, width=_WIDTH)
        for task in self._progress.tasks[self._shown :]:
            lines.print(self._progress.make_tasks_table([task]))
        self._shown = len(self._progress.tasks)


@contextmanager
def stages() -> Iterator[Stages]:
    """Progress bars on stderr; off a terminal, one line for each stage."""
    bars = Progress(
        TextColumn("{task.description:<20}"),
        BarColumn(40 if ERR.width >= _WIDE or not ERR.is_terminal else 12),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", table_column=_NOTE),
        console=ERR,
        expand=ERR.is_terminal,
    )
    reporter = Stages(bars)
    try:
        yield reporter
        reporter.finish()
    finally:
        reporter.close()


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print rows; floats are cut to five significant digits, text columns stand left."""
    shown = Table(title=title, title_justify="left", title_style="bold")
    for i, column in enumerate(columns):
        shown.add_column(column, justify="left" if i == 0 else "right", overflow="fold")
    for row in rows:
        shown.add_row(*(cell(value) for value in row))
    OUT.print(shown)


def plain_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print rows of texts from data, where [brackets] mean nothing."""
    table(escape(title), columns, ([escape(one) for one in row] for row in rows))


def cell(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def metrics_table(title: str, results: Mapping[str, Mapping[str, float]]) -> None:
    """One row a metric, one column a scorer."""
    names = list(dict.fromkeys(name for metrics in results.values() for name in metrics))
    rows = [[name, *(results[who].get(name, "") for who in results)] for name in names]
    table(title, ["metric", *results], rows)


def say(line: str) -> None:
    """A line of text from data, where [brackets] mean nothing."""
    OUT.print(line, markup=False, soft_wrap=True)


def warn(line: str) -> None:
    """The same on stderr, in red."""
    ERR.print(line, style="red", markup=False, soft_wrap=True)


def emit(document: Any) -> None:
    """One JSON object on stdout."""
    OUT.file.write(json.dumps(document) + "\n")


def size(count: int) -> str:
    """Bytes for people."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
