"""The search on disk: which values were tried, and how each trial stands."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from filelock import FileLock, Timeout
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from features.errors import ConfigError, DataError
from pipelines.tune.config import Axis, TuneConfig

_JOURNAL, _KEY, _SEEDS, _PRUNED = "study.log", "search", "seeds", "pruned"


class Study:
    """An Optuna study whose next trial depends on those before it, not on who asked for them.

    The randomness of a trial is that of its number, so that a search that was interrupted goes
    on as if it had not been. `first`: what the first trial tries, where given.
    """

    def __init__(
        self,
        study: optuna.Study,
        config: TuneConfig,
        first: Mapping[str, Any] | None = None,
    ) -> None:
        self._study, self._config = study, config
        self._grid = _grid(config) if config.sampler == "grid" else []
        self._first = first

    def trials(self) -> Iterator[Trial]:
        """Those that were interrupted, then new ones, until there are as many as configured."""
        for old in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self._study.sampler = self._sampler(old.number)
            if _PRUNED in old.user_attrs:
                self._study.tell(old.number, state=TrialState.PRUNED)
            else:
                yield self._suggested(Trial(self._study, old._trial_id))
        while (number := self._begun) < self.most:
            waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
            fixed = self._fixed(number)
            if fixed is not None and not waiting:
                self._study.enqueue_trial(fixed)
            self._study.sampler = self._sampler(number)
            yield self._suggested(self._study.ask())

    @property
    def most(self) -> int:
        """How many trials there will be."""
        gridded = self._config.sampler == "grid"
        return min(self._config.trials, len(self._grid)) if gridded else self._config.trials

    @property
    def _begun(self) -> int:
        trials = self._study.get_trials(deepcopy=False)
        return sum(one.state != TrialState.WAITING for one in trials)

    def values(self, trial: Trial | FrozenTrial) -> dict[str, Any]:
        """What a trial tries, by key of the configuration."""
        space = self._config.space
        return {
            key: json.loads(value) if space[key].choices is not None else value
            for key, value in trial.params.items()
        }

    def report(self, trial: Trial, epoch: int, value: float) -> bool:
        """What an epoch came to, known already where it is done again; whether to go on."""
        if epoch in self._study.get_trials(deepcopy=False)[trial.number].intermediate_values:
            return True
        trial.report(value, epoch)
        if not trial.should_prune():
            return True
        trial.set_user_attr(_PRUNED, True)  # a pruner asked again may say otherwise
        return False

    def tell(self, trial: Trial, value: float | None, state: TrialState, **facts: Any) -> None:
        """The trial has ended; `facts` are kept with it."""
        for name, fact in facts.items():
            trial.set_user_attr(name, fact)
        self._study.tell(trial, value, state)

    @property
    def ended(self) -> list[FrozenTrial]:
        """In order of their numbers."""
        return [one for one in self._study.get_trials(deepcopy=False) if one.state.is_finished()]

    def ranked(self) -> list[FrozenTrial]:
        """Completed trials from the best on; of several that tried the same, the first."""
        sign = 1 if self._study.direction == optuna.study.StudyDirection.MINIMIZE else -1
        complete = [one for one in self.ended if one.state == TrialState.COMPLETE]
        ordered = sorted(complete, key=lambda one: (sign * (one.value or 0.0), one.number))
        different: dict[str, FrozenTrial] = {}
        for one in ordered:
            different.setdefault(json.dumps(one.params, sort_keys=True), one)
        return list(different.values())

    @property
    def seeds(self) -> dict[str, dict[str, float]]:
        """Values of trials that were trained anew, by number and then by seed."""
        found: dict[str, dict[str, float]] = self._study.user_attrs.get(_SEEDS, {})
        return found

    def seeded(self, number: int, seed: int, value: float) -> None:
        """Trial `number`, trained anew with another seed, came to that value."""
        known = self.seeds
        of_trial = {**known.get(str(number), {}), str(seed): value}
        self._study.set_user_attr(_SEEDS, {**known, str(number): of_trial})

    def _suggested(self, trial: Trial) -> Trial:
        for key, axis in self._config.space.items():
            _suggest(trial, key, axis)
        return trial

    def _fixed(self, number: int) -> dict[str, Any] | None:
        if self._config.sampler == "grid":
            return self._grid[number]
        if number > 0 or self._first is None:
            return None
        space = self._config.space
        return {
            key: _text(value) if space[key].choices is not None else value
            for key, value in self._first.items()
        }

    def _sampler(self, number: int) -> optuna.samplers.BaseSampler:
        seed = int(np.random.SeedSequence([self._config.seed, number]).generate_state(1)[0])
        if self._config.sampler == "tpe":
            return optuna.samplers.TPESampler(seed=seed)
        return optuna.samplers.RandomSampler(seed=seed)


@contextmanager
def opened(
    folder: Path, config: TuneConfig, key: str, *, higher: bool, epochs: int
) -> Iterator[optuna.Study]:
    """The study in `folder`, begun if there is none, for this process alone.

    `key` is of all that trials of one study have in common; none trains more than `epochs`.

    Raises:
        ConfigError: the folder holds another search, or something else.
        DataError: another process is at it.
    """
    journal = folder / _JOURNAL
    if folder.exists() and not journal.exists() and any(folder.glob("[!.]*")):
        raise ConfigError(f"{folder} must be a new folder or an earlier search; it is neither.")
    folder.mkdir(parents=True, exist_ok=True)
    verbosity = optuna.logging.get_verbosity()
    try:
        with FileLock(folder / ".lock").acquire(blocking=False):
            optuna.logging.set_verbosity(optuna.logging.ERROR)
            yield _load(journal, config, key, higher=higher, epochs=epochs)
    except Timeout:
        raise DataError(
            f"{folder} is being searched by another process. Wait for it, or choose another "
            "place with --out; tune.parallel sets how many trials run at once."
        ) from None
    finally:
        optuna.logging.set_verbosity(verbosity)


def _load(
    journal: Path, config: TuneConfig, key: str, *, higher: bool, epochs: int
) -> optuna.Study:
    _mend(journal)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(journal))),
        study_name="crossrank",
        load_if_exists=True,
        direction="maximize" if higher else "minimize",
        pruner=_pruner(config, epochs),
    )
    if study.user_attrs.setdefault(_KEY, key) != key:
        raise ConfigError(
            f"{journal.parent} must hold a search of this configuration over this data; it holds "
            "another. Choose another place with --out, or remove it."
        )
    study.set_user_attr(_KEY, key)
    return study


def _mend(journal: Path) -> None:
    """Undo what a killed process left: half a line, and the journal's own lock."""
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if journal.exists():
        text = journal.read_bytes()
        with journal.open("r+b") as file:
            file.truncate(text.rfind(b"\n") + 1)


def _pruner(config: TuneConfig, epochs: int) -> optuna.pruners.BasePruner:
    match config.pruner:
        case "median":
            return optuna.pruners.MedianPruner()
        case "halving":
            return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
        case "hyperband":
            return optuna.pruners.HyperbandPruner(max_resource=epochs)
        case "none":
            return optuna.pruners.NopPruner()


def _grid(config: TuneConfig) -> list[dict[str, Any]]:
    """All values there are, in an order by chance."""
    points = itertools.product(*(_points(axis) for axis in config.space.values()))
    grid = [dict(zip(config.space, one, strict=True)) for one in points]
    return [grid[i] for i in np.random.default_rng(config.seed).permutation(len(grid))]


def _points(axis: Axis) -> list[Any]:
    points = list(axis.points or [])
    return points if axis.choices is None else [_text(one) for one in points]


def _suggest(trial: Trial, key: str, axis: Axis) -> None:
    if axis.choices is not None:
        trial.suggest_categorical(key, [_text(one) for one in axis.choices])
        return
    low, high = axis.ends
    if axis.whole:
        trial.suggest_int(key, low, high, step=int(axis.step or 1), log=axis.log)
    else:
        trial.suggest_float(key, low, high, step=axis.step, log=axis.log)


def _text(choice: Any) -> str:
    """Optuna keeps choices of text and numbers; ours may be lists and tables."""
    return json.dumps(choice, sort_keys=True)
