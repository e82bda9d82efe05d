"""Contestants side by side: which setting is fastest, who is fastest, and who learns what."""

from __future__ import annotations

import importlib
import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, Spread
from benchmarks.harness import Contender, measure
from benchmarks.training.gemm import products
from benchmarks.training.rivals import OURS, OURS_BF16
from benchmarks.training.task import Floats, Task, drawn, read, scattered
from benchmarks.training.trainee import Rival, Setting, Trainee

GEMM, GEMM_BF16 = "the matrix products alone, float32", "the matrix products alone, bfloat16"


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds of turns of so many seconds, and less for trials of settings."""

    rounds: int
    turn: float
    trial_rounds: int
    trial_turn: float


def made(rival: Rival, task: Task, setting: Setting, rate: float) -> Trainee:
    module, name = rival.trainee.split(":")
    trainee: Trainee = getattr(importlib.import_module(module), name)(task, setting, rate)
    return trainee


def _middle(rival: Rival) -> float:
    return rival.rates[len(rival.rates) // 2]


def _steps(rival: Rival, task: Task, setting: Setting, folder: Path) -> Callable[[], object]:
    return made(rival, task, setting, _middle(rival)).stepper(read(task, folder))


def contender(name: str, rival: Rival, task: Task, setting: Setting, folder: Path) -> Contender:
    setup = partial(_steps, rival, task, setting, folder)
    items = task.batch * setting.burst
    return Contender(name, setup, items, "examples", rival.needs, rival.environment)


@dataclass(frozen=True)
class Choice:
    """The fastest setting of a rival, its rates by setting, and why others failed."""

    setting: Setting | None
    rates: Mapping[str, float]
    failures: Mapping[str, str]


def chosen(rival: Rival, task: Task, folder: Path, effort: Effort) -> Choice:
    """By trials of all its settings, which take turns."""
    if len(rival.settings) == 1:
        return Choice(rival.settings[0], {}, {})
    failures: dict[str, str] = {}
    entries = [contender(one.name, rival, task, one, folder) for one in rival.settings]
    turns = {"rounds": effort.trial_rounds, "turn_seconds": effort.trial_turn}
    rates = {one.name: one.rate for one in measure(entries, **turns, failures=failures)}
    left = [one for one in rival.settings if one.name in rates]
    best = max(left, key=lambda one: rates[one.name], default=None)
    return Choice(best, rates, failures)


@dataclass(frozen=True)
class Result:
    """A contestant in a race, and its time over each of ours in the same rounds."""

    figure: Figure
    over: Mapping[str, Spread]
    setting: str = ""


def heats(
    rivals: Sequence[Rival], task: Task, gigabytes: float
) -> tuple[list[list[Rival]], list[Rival]]:
    """Groups that fit into memory together, ours in each; and those that fit into none."""
    ours = [one for one in rivals if one.name in (OURS, OURS_BF16)]
    room = gigabytes - _held(ours, task)
    groups, absent = list[list[Rival]](), list[Rival]()
    for one in (one for one in rivals if one not in ours):
        needed = one.gigabytes(task)
        holds = (group for group in groups if _held(group, task) + needed <= room)
        group = next(holds, None)
        if needed > room:
            absent.append(one)
        elif group is None:
            groups.append([one])
        else:
            group.append(one)
    return [[*ours, *group] for group in groups or [[]]], absent


def _held(rivals: Sequence[Rival], task: Task) -> float:
    return sum(one.gigabytes(task) for one in rivals)


def race(
    rivals: Sequence[Rival],
    settings: Mapping[str, Setting],
    task: Task,
    folder: Path,
    effort: Effort,
    failures: dict[str, str],
) -> list[Result]:
    """One heat: each in its setting, with the matrix products alone as contestants of their own."""
    entries = [contender(one.name, one, task, settings[one.name], folder) for one in rivals]
    for name, bfloat16 in ((GEMM, False), (GEMM_BF16, True)):
        setup = partial(products, task, bfloat16)
        entries.append(Contender(name, setup, task.batch, "examples", ("models.keras",)))
    figures = measure(entries, effort.rounds, turn_seconds=effort.turn, failures=failures)
    found = {one.name: one for one in (_a_step(one, task) for one in figures)}
    ours = [found[name] for name in (OURS, OURS_BF16) if name in found]
    return [
        Result(
            one,
            {other.name: one.over(other) for other in ours},
            settings[name].name if name in settings else "",
        )
        for name, one in found.items()
    ]


def _a_step(figure: Figure, task: Task) -> Figure:
    """The figure of one step, where a call runs several."""
    burst = round(figure.rate * figure.seconds.median / task.batch)
    spread = figure.seconds
    seconds = Spread(spread.median / burst, spread.p10 / burst, spread.p90 / burst)
    turns = tuple(one / burst for one in figure.turns)
    sizes = figure.setup_seconds, figure.setup_mb, figure.peak_mb
    return Figure(figure.name, figure.unit, figure.rate, seconds, turns, *sizes)


def growth(rival: Rival, sizes: Sequence[int], task: Task, effort: Effort) -> list[Figure]:
    """Ours by the rows of all tables; every batch touches as many."""
    names = min(sizes) // task.fields
    entries = []
    for rows in sizes:
        sized = Task(task.family, rows, batch=task.batch)
        setup = partial(_grown, rival, sized, names)
        entries.append(Contender(f"{rows:,} rows", setup, task.batch, "examples", rival.needs))
    return measure(entries, effort.rounds, turn_seconds=effort.turn)


def _grown(rival: Rival, task: Task, names: int) -> Callable[[], object]:
    trainee = made(rival, task, rival.settings[0], _middle(rival))
    return trainee.stepper(scattered(task, 32, names))


PIECES = (
    "whole step",
    "rows of ids",
    "touch",
    "pull and hand-over",
    "forward and backward",
    "sums by row",
    "push",
    "dense update",
)


def profile(rival: Rival, task: Task, effort: Effort) -> list[Figure]:
    """A step of ours, then each of its pieces."""
    setting = rival.settings[0]
    entries = [
        Contender(name, partial(_piece, task, setting, name), 1, "steps", rival.needs)
        for name in PIECES
    ]
    return measure(entries, effort.rounds, turn_seconds=effort.turn)


def _piece(task: Task, setting: Setting, name: str) -> Callable[[], object]:
    from benchmarks.training.profile import pieces

    return pieces(task, setting.bfloat16, next(drawn(task, 1)))[name]


@dataclass(frozen=True)
class Scored:
    """AUC on the test rows of the rate that was best on the validation rows."""

    auc: float
    rate: float
    validation: Mapping[float, float]


def scored(rival: Rival, task: Task, setting: Setting, data: Mapping[str, Path]) -> Scored:
    """One pass over the training rows for each rate. RuntimeError where its process ends."""
    found = {rate: _apart(rival, task, setting, rate, data) for rate in rival.rates}
    best = max(found, key=lambda rate: found[rate][0])
    return Scored(found[best][1], best, {rate: one[0] for rate, one in found.items()})


def _apart(
    rival: Rival, task: Task, setting: Setting, rate: float, data: Mapping[str, Path]
) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, _prepare, (rival.environment,)) as pool:
        try:
            return pool.submit(learned, rival, task, setting, rate, data).result()
        except BrokenProcessPool as error:
            raise RuntimeError(f"{rival.name}: its process ended: {error}") from error


def _prepare(environment: Mapping[str, str]) -> None:
    os.dup2(2, 1)
    os.environ.update(environment)


def learned(
    rival: Rival, task: Task, setting: Setting, rate: float, data: Mapping[str, Path]
) -> tuple[float, float]:
    """AUC on validation and on test after one pass."""
    trainee, batches = made(rival, task, setting, rate), read(task, data["train"])
    step = trainee.stepper(batches)
    for _ in range(len(batches) // setting.burst):
        step()
    return auc(trainee, task, data["validation"]), auc(trainee, task, data["test"])


def auc(trainee: Trainee, task: Task, folder: Path) -> float:
    """0.5 where a score is no number: the rate was too high."""
    from sklearn.metrics import roc_auc_score

    batches = read(task, folder)
    scores: Floats = np.concatenate([trainee.predict(one) for one in batches])
    labels = np.concatenate([one.label for one in batches if one.label is not None])
    return float(roc_auc_score(labels, scores)) if np.isfinite(scores).all() else 0.5
