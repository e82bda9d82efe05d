"""Prepared data to a trained CTR model, resumed or begun from another run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import ConfigError
from features.files import write_json
from pipelines.config import Config
from pipelines.monitor import Monitor
from pipelines.prepare import Prepared, Report
from pipelines.progressive.report import FILE as PROGRESSIVE
from pipelines.progressive.validation import ProgressiveValidation
from pipelines.scoring import score
from pipelines.stacking.opinions import cosines_of
from pipelines.start import Start
from pipelines.watching import Bars, Watcher, watching

if TYPE_CHECKING:
    from features.batch import Batch
    from features.dataset.dataset import Dataset
    from models.course import Course
    from models.model import Model
    from models.trainer import Trainer

Metrics = dict[str, float]

SNAPSHOT, _SCORES = "snapshot", ".scores"  # of a training under way


class ModelTraining:
    """One training of a configuration's CTR model, whose unfinished work stands in a folder.

    It learns from the training part, unless from the rows of `train`.

    Raises:
        ConfigError: TensorFlow is not installed, the model is declared otherwise than that which
            it starts from, or it has no such embeddings as `stacking.cosines` names.
    """

    def __init__(
        self,
        config: Config,
        prepared: Prepared,
        work: Path,
        start: Start | None,
        train: Dataset | None = None,
    ) -> None:
        if isinstance(config.model, dict):
            raise ConfigError(
                "Training a [model] needs TensorFlow, which is not installed here. "
                "Install crossrank with its train extra: pip install 'crossrank[train]'."
            )
        assert config.model is not None
        from models import snapshot  # TensorFlow takes seconds to import
        from models.course import Course
        from models.model import Model

        self._config, self._settings, self._work = config, config.train, work
        self._train, self._valid = train or prepared.part("train"), prepared.part("valid")
        self._fingerprint, self._offset = prepared.encoder.fingerprint, prepared.offset
        self._monitor = Monitor.parse(self._settings.monitor, config.data.tasks)
        model = Model(
            config.model,
            self._train.layout,
            self._settings.optimizers,
            self._settings.seed,
            _priors(self._train, prepared.offset),
        )
        cosines_of(config, self._train.layout)  # what it cannot give is not found out at the end
        self._trainer = self._begun(model, start)
        self._snapshot = work / SNAPSHOT
        begun = self._snapshot.exists()
        self._course = snapshot.load(self._trainer, self._snapshot) if begun else Course()
        self._progressive = self._validation()

    def _begun(self, model: Model, start: Start | None) -> Trainer:
        from models import warm_start
        from models.trainer import Trainer

        if start is None:
            return Trainer(model, self._settings, -self._offset, self._work)
        return warm_start.going_on(
            start.checkpoint, model, self._settings, -self._offset, self._work
        )

    def _validation(self) -> ProgressiveValidation | None:
        asked = self._settings.progressive
        if asked is None:
            return None
        scores = self._work / _SCORES
        return ProgressiveValidation(asked, self._config, self._trainer, scores, self._offset)

    def run(self, report: Report, watchers: Sequence[Watcher]) -> tuple[Model, list[Metrics]]:
        """The model of the epoch that is best on validation, and every epoch's metrics."""
        from models import checkpoint

        bars = Bars(report, self._train.rows, self._monitor.name)
        with watching(self._config, self._work, self._course.steps, [bars, *watchers]) as told:
            history = self._trainer.fit(
                batches=self._batches,
                validate=self._validate,
                better=self._monitor.better,
                keep=self._keep,
                report=told,
                save=self._save,
                course=self._course,
            )
        if self._progressive is not None:
            write_json(self._work / PROGRESSIVE, self._progressive.report().model_dump())
        best, _ = checkpoint.load(self._work / "checkpoint")
        return best, history

    def _batches(self, epoch: int, skip: int) -> Iterator[Batch]:
        by_query, rows = self._settings.loss.needs_query, self._settings.rows(epoch)
        if self._progressive is not None:
            ordered = self._train.batches(rows, skip=skip, by_query=by_query)
            return self._progressive.watch(ordered, self._course.rows)
        seed = self._settings.seed * 1_000_003 + epoch
        return self._train.batches(rows, seed=seed, skip=skip, by_query=by_query)

    def _validate(self, current: Model) -> Metrics:
        return self._monitor.metrics(score(self._valid, current, None))

    def _save(self, course: Course) -> None:
        from models import snapshot

        if self._progressive is not None:
            self._progressive.flush()
        snapshot.save(self._trainer, course, self._snapshot, self._fingerprint)

    def _keep(self, best: Model) -> None:
        from models import checkpoint

        checkpoint.save(
            best, self._work / "checkpoint", self._fingerprint, self._trainer.step.state
        )


def sparsity(model: Model) -> dict[str, dict[str, float]]:
    """How many weights and rows of each table are zero, by its name."""
    from models.optimizers.sparsity import sparsities

    return {name: found._asdict() for name, found in sparsities(model.tables).items()}


def _priors(train: Dataset, offset: float) -> list[float]:
    """The rate of each task's label in the log."""
    labels = train.manifest.labels
    assert labels is not None  # a configuration names the label, and preparing checked it
    means = [one.weighted_mean for one in (labels, *train.manifest.tasks.values())]
    odds = [mean / (1 - mean) * math.exp(offset) for mean in means]
    return [one / (1 + one) for one in odds]
