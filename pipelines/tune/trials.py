"""The trainings of a search: its trials, and the best of them anew with other seeds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial, Trial, TrialState

from features.errors import ConfigError
from features.files import remove, unfinished
from pipelines.config import Config, check_config
from pipelines.tune.config import TuneConfig
from pipelines.tune.objective import Objective
from pipelines.tune.pool import work
from pipelines.tune.process import Outcome
from pipelines.tune.space import changed
from pipelines.tune.study import Study
from pipelines.tune.task import Task

Tick = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Search:
    """What all trainings of a search in `folder` have in common."""

    folder: Path
    config: TuneConfig
    objective: Objective
    document: Mapping[str, Any]  # that of a trial, but for what it tries
    base: Path

    def configuration(self, values: Mapping[str, Any]) -> Config:
        """Raises ConfigError where the values do not go together."""
        return check_config(changed(self.document, values), self.base)

    def task(self, config: Config, out: Path) -> Task:
        return Task.of(config, out, self.folder.resolve().parent, self.objective)

    def trial(self, number: int) -> Path:
        return self.folder / "trials" / f"{number:04d}"

    def seeded(self, number: int, seed: int) -> Path:
        return self.folder / "seeds" / f"{number:04d}-{seed}"


@dataclass
class _TrialJob:
    """A trial under way."""

    task: Task
    study: Study
    trial: Trial
    end: Callable[[Trial, Outcome], None]

    def heard(self, epoch: int, value: float) -> bool:
        return self.study.report(self.trial, epoch, value)

    def ended(self, outcome: Outcome) -> None:
        self.end(self.trial, outcome)


@dataclass
class _SeedJob:
    """A trial's values under way with another seed."""

    task: Task
    end: Callable[[Outcome], None]

    def heard(self, epoch: int, value: float) -> bool:  # noqa: ARG002
        return True

    def ended(self, outcome: Outcome) -> None:
        self.end(outcome)


def search(found: Search, study: Study, tick: Tick) -> None:
    """Do the trials that are left; a trial that fails is told as failed, and the next one begins.

    The runs of all but the best trials so far are removed.
    """
    config = found.config
    end_at = None if config.minutes is None else time.monotonic() + 60 * config.minutes

    def end(trial: Trial, outcome: Outcome) -> None:
        facts = {"seconds": round(outcome.seconds, 3)}
        if outcome.value is not None:
            study.tell(trial, outcome.value, TrialState.COMPLETE, metrics=outcome.metrics, **facts)
        elif outcome.pruned:
            study.tell(trial, None, TrialState.PRUNED, **facts)
        else:
            study.tell(trial, None, TrialState.FAIL, error=outcome.error, **facts)
        _sweep(found, study)
        tick("trials", len(study.ended), study.most)

    def jobs() -> Iterator[_TrialJob]:
        for trial in study.trials():
            try:
                config_ = found.configuration(study.values(trial))
            except ConfigError as error:
                end(trial, Outcome(error=str(error)))
            else:
                task = found.task(config_, found.trial(trial.number))
                yield _TrialJob(task, study, trial, end)
            if end_at is not None and time.monotonic() >= end_at:
                return

    work(jobs(), config.parallel)


def retrain(found: Search, study: Study, seeds: list[int], tick: Tick) -> dict[str, str]:
    """Train the best trials anew with each of the seeds, unless that was done. Returns errors."""
    errors: dict[str, str] = {}
    best = study.ranked()[: found.config.best]
    left = [
        (trial, seed)
        for trial in best
        for seed in seeds
        if str(seed) not in study.seeds.get(str(trial.number), {})
    ]
    done = len(best) * len(seeds) - len(left)

    def ending(trial: FrozenTrial, seed: int) -> Callable[[Outcome], None]:
        def end(outcome: Outcome) -> None:
            nonlocal done
            if outcome.value is None:
                errors[f"trial {trial.number}, seed {seed}"] = str(outcome.error)
            else:
                study.seeded(trial.number, seed, outcome.value)
            done += 1
            tick("seeds", done, len(best) * len(seeds))

        return end

    def jobs() -> Iterator[_SeedJob]:
        for trial, seed in left:
            values = study.values(trial)
            config = found.configuration(values)
            changes = {f"{part}.seed": seed for part in ("train", "ranker") if part in _of(config)}
            task = found.task(
                found.configuration({**values, **changes}), found.seeded(trial.number, seed)
            )
            yield _SeedJob(task, ending(trial, seed))

    work(jobs(), found.config.parallel)
    return errors


def _of(config: Config) -> set[str]:
    """The sections that train, and have a seed."""
    parts = {"train": config.model, "ranker": config.ranker}
    return {name for name, part in parts.items() if part is not None}


def _sweep(found: Search, study: Study) -> None:
    """Remove the runs of trials that are not, or no longer, among the best."""
    if found.config.keep:
        return
    kept = {trial.number for trial in study.ranked()[: found.config.best]}
    for trial in study.ended:
        if trial.number not in kept:
            discard(found.trial(trial.number))


def discard(run: Path) -> None:
    """Remove a run, finished or not, with the lock that it was written under."""
    for path in (run, unfinished(run), run.with_name(f".{run.name}.lock")):
        remove(path)
