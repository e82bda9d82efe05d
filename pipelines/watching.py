"""Who is told how a training goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipelines.config import Config
from pipelines.pace import Pace
from pipelines.preparation import Report
from pipelines.scalars import require_tensorboard, scalars

if TYPE_CHECKING:
    from models.trainer import Progress

BOARD = "tensorboard"  # in a run


class Watcher(Protocol):
    """Told after each step, and after each epoch with its metrics on validation."""

    def step(self, progress: Progress, pace: Pace) -> None: ...

    def epoch(self, progress: Progress) -> None: ...


class Watching:
    """Tells all watchers; what the trainer reports to."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers, self._pace = watchers, Pace()

    def __call__(self, progress: Progress) -> None:
        if progress.rows:
            self._pace.step(progress.rows, progress.loss)
            for watcher in self._watchers:
                watcher.step(progress, self._pace)
            return
        self._pace.turn()
        for watcher in self._watchers:
            watcher.epoch(progress)


class Bars:
    """A stage an epoch of `rows` rows, with the rate and the loss, then with the metrics.

    The `monitor` stands before the other metrics: a narrow terminal cuts what comes last.
    """

    def __init__(self, report: Report, rows: int, monitor: str) -> None:
        self._report, self._rows, self._monitor = report, rows, monitor

    def step(self, progress: Progress, pace: Pace) -> None:
        rate = "" if pace.rate is None else f"{pace.rate:,.0f} rows/s, "
        note = f"{rate}loss {pace.loss:.4g}"
        self._report(f"train, epoch {progress.epoch}", progress.rows, self._rows, note)

    def epoch(self, progress: Progress) -> None:
        first = {self._monitor: progress.metrics.get(self._monitor, 0.0)}
        shown = {"loss": progress.loss, **first, **progress.metrics}
        note = ", ".join(f"{name} {value:.4g}" for name, value in shown.items())
        self._report(f"train, epoch {progress.epoch}", self._rows, self._rows, note)


class Epochs:
    """Calls `watch` with the metrics of each epoch, and its number."""

    def __init__(self, watch: Callable[[dict[str, float]], None]) -> None:
        self._watch = watch

    def step(self, progress: Progress, pace: Pace) -> None:
        """Says nothing."""

    def epoch(self, progress: Progress) -> None:
        self._watch({"epoch": progress.epoch, **progress.metrics})


def require(config: Config) -> None:
    """Raise ConfigError where what a configuration reports to is not installed."""
    if getattr(config.train, "tensorboard", False):
        require_tensorboard()


@contextmanager
def watching(
    config: Config, work: Path, start: int, others: Sequence[Watcher]
) -> Iterator[Watching]:
    """All that a configuration reports to, of a training in `work` that has done `start` steps."""
    with ExitStack() as stack:
        watchers = [*others]
        if board := config.train.tensorboard:
            place = config.base / board / config.name if isinstance(board, str) else work / BOARD
            entered = stack.enter_context(scalars(place, config.train.tensorboard_steps, start))
            watchers.append(entered)
        yield Watching(watchers)
